"""Builds the package: pip install ./src/python, from the project's folder.

There is no pyproject.toml, because pip would then look for setuptools on the network.
"""

import os
from setuptools import Extension, setup

# Paths of sources are relative to this file, and libmkfifo's are one folder up.
os.chdir(os.path.dirname(os.path.abspath(__file__)))
limited = {"bdist_wheel": {"py_limited_api": "cp310"}}

setup(
    name="fifofuzz-mkfifo",
    version="0.1.0",
    description="mkfifo on libmkfifo, with the signature of os.mkfifo",
    license="MIT",
    python_requires=">=3.10",
    packages=["mkfifo"],
    package_data={"mkfifo": ["*.pyi", "py.typed"]},
    options=limited,
    ext_modules=[
        Extension(
            "mkfifo._mkfifo",
            sources=["mkfifo/_mkfifo.c", "../mkfifo.c"],
            depends=["../mkfifo.h"],
            include_dirs=[".."],
            define_macros=[("_GNU_SOURCE", None)],
            extra_compile_args=["-std=gnu17", "-fvisibility=hidden"],
            py_limited_api=True,
        )
    ],
)

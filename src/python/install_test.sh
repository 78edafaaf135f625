#!/usr/bin/env bash
#
# Usage: src/python/install_test.sh PYTHON
#
# Installs the package by pip into a fresh virtual environment, from a copy of the sources and with
# no network, and tests what was installed. Ends with 77 where Python cannot make environments.
set -euo pipefail

python=$1
source=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$python" -c 'import venv, ensurepip, pytest' || exit 77 # python3-venv, python3-pytest
mkdir "$work/src"
cp -r "$source"/mkfifo.[ch] "$source/python" "$work/src"
"$python" -m venv --system-site-packages "$work/venv"
"$work/venv/bin/pip" install --no-index --quiet --disable-pip-version-check "$work/src/python"
cd "$work"
location=$(env -u PYTHONPATH "$work/venv/bin/python" -c 'import mkfifo; print(mkfifo.__path__[0])')
[[ $location = "$work"/venv/* ]]
[[ -e $location/py.typed && -e $location/__init__.pyi ]]
env -u PYTHONPATH "$work/venv/bin/python" -B -m pytest -q "$work/src/python/mkfifo_test.py" \
    "$work/src/python/parity_test.py"

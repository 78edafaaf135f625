/*
 * _mkfifo.c - mkfifo(path, mode=0o666, *, dir_fd=None) for Python, on libmkfifo.
 *
 * Follows os.mkfifo of the Python documentation ("Miscellaneous operating system interfaces"), and
 * where that is silent what CPython's does: arguments are converted from left to right, after their
 * number and names were found right. It keeps to the limited API of Python 3.10, the first with a
 * calling convention that makes no tuple of the arguments.
 */
#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030a0000
#include <Python.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include "mkfifo.h"

/* --- what each argument is ---------------------------------------------------------------------
 */

/* What a call is made with. `path` is ours, and a bytes object without NUL. */
struct request {
    PyObject *path;
    int mode, dir_fd;
};

/* The name is interned, or copies of it would push others out of the interpreter's type cache. */
static PyObject *attribute(PyObject *object, const char *name) {
    PyObject *interned = PyUnicode_InternFromString(name);
    PyObject *value = interned ? PyObject_GetAttr(object, interned) : NULL;
    Py_XDECREF(interned);
    return value;
}

/*
 * The name of the object's type, as the interpreter's own messages have it: what type itself knows,
 * whatever a metaclass says, and without the part in front of a dot.
 */
static PyObject *type_name(PyObject *object) {
    PyObject *attributes = attribute((PyObject *)&PyType_Type, "__dict__");
    PyObject *getter = attributes ? PyMapping_GetItemString(attributes, "__name__") : NULL;
    PyObject *get = getter ? attribute(getter, "__get__") : NULL;
    PyObject *name = get ? PyObject_CallFunctionObjArgs(get, Py_TYPE(object), NULL) : NULL;
    Py_XDECREF(get);
    Py_XDECREF(getter);
    Py_XDECREF(attributes);
    if (!name)
        return NULL;
    Py_ssize_t length = PyUnicode_GetLength(name);
    Py_ssize_t dot = PyUnicode_FindChar(name, '.', 0, length, -1);
    PyObject *last = PyUnicode_Substring(name, dot < 0 ? 0 : dot + 1, length);
    Py_DECREF(name);
    return last;
}

/* TypeError with `format`, which shows the name of the object's type. */
static void refuse_type(const char *format, PyObject *object) {
    PyObject *name = type_name(object);
    if (name)
        PyErr_Format(PyExc_TypeError, format, name);
    Py_XDECREF(name);
}

#define PATH_EXPECTED "mkfifo: path should be string, bytes or os.PathLike, not %.200U"

/* Other bytes-like objects are on their way out of os: a DeprecationWarning, which may be fatal. */
static PyObject *bytes_of_buffer(PyObject *object) {
    PyObject *name = type_name(object);
    if (!name)
        return NULL;
    int error = PyErr_WarnFormat(PyExc_DeprecationWarning, 1, PATH_EXPECTED, name);
    Py_DECREF(name);
    return error ? NULL : PyBytes_FromObject(object);
}

/*
 * True if the object is of a type with a buffer, even if this one cannot be had, as that of a
 * released memoryview: only the want of one is a TypeError.
 */
static int has_buffer(PyObject *object) {
    PyObject *view = PyMemoryView_FromObject(object);
    int has = view || !PyErr_ExceptionMatches(PyExc_TypeError);
    PyErr_Clear();
    Py_XDECREF(view);
    return has;
}

/* True if the message is PyOS_FSPath's for want of __fspath__. */
static int lacks_fspath(PyObject *message) {
    PyObject *words = PyUnicode_FromString("expected str, bytes or os.PathLike object, not ");
    int lacks = words ? (int)PyUnicode_Tailmatch(message, words, 0, PY_SSIZE_T_MAX, -1) : -1;
    Py_XDECREF(words);
    return lacks;
}

/* The str or bytes that a path-like object stands for (PEP 519). */
static PyObject *represented(PyObject *object) {
    PyObject *type, *value, *traceback;
    PyObject *path = PyOS_FSPath(object);
    if (path || !PyErr_ExceptionMatches(PyExc_TypeError))
        return path;
    PyErr_Fetch(&type, &value, &traceback);
    PyObject *message = traceback || !value ? NULL : PyObject_Str(value);
    int lacks = message ? lacks_fspath(message) : 0;
    Py_XDECREF(message);
    if (!lacks) {
        PyErr_Restore(type, value, traceback);
        return NULL;
    }
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
    if (lacks > 0)
        refuse_type(PATH_EXPECTED, object);
    return NULL;
}

/* A NUL would end the name early, where the kernel stops reading. */
static PyObject *without_nul(PyObject *bytes) {
    if (bytes && strlen(PyBytes_AsString(bytes)) != (size_t)PyBytes_Size(bytes)) {
        PyErr_SetString(PyExc_ValueError, "mkfifo: embedded null character in path");
        Py_CLEAR(bytes);
    }
    return bytes;
}

/* A new reference to the path's bytes, or NULL with an exception. */
static PyObject *convert_path(PyObject *object) {
    PyObject *bytes;
    if (PyBytes_Check(object)) {
        Py_INCREF(object);
        return without_nul(object);
    }
    if (PyUnicode_Check(object))
        return PyUnicode_FSConverter(object, &bytes) ? bytes : NULL;
    if (has_buffer(object))
        return without_nul(bytes_of_buffer(object));
    PyObject *path = represented(object);
    if (!path)
        return NULL;
    bytes = convert_path(path);
    Py_DECREF(path);
    return bytes;
}

/* Any object with __index__ whose value a C int holds. */
static int convert_mode(PyObject *object, int *mode) {
    int overflow;
    long value = PyLong_AsLongAndOverflow(object, &overflow);
    if (value == -1 && PyErr_Occurred())
        return -1;
    if (overflow || value < INT_MIN || value > INT_MAX) {
        PyErr_SetString(PyExc_OverflowError, "Python int too large to convert to C int");
        return -1;
    }
    *mode = (int)value;
    return 0;
}

static int convert_dir_fd(PyObject *object, int *dir_fd) {
    if (object == Py_None) {
        *dir_fd = AT_FDCWD;
        return 0;
    }
    if (!PyIndex_Check(object)) {
        refuse_type("argument should be integer or None, not %.200U", object);
        return -1;
    }
    PyObject *number = PyNumber_Index(object);
    if (!number)
        return -1;
    int overflow;
    long value = PyLong_AsLongAndOverflow(number, &overflow);
    Py_DECREF(number);
    bool great = overflow > 0 || value > INT_MAX;
    if (great || overflow < 0 || value < INT_MIN) {
        PyErr_Format(PyExc_OverflowError, "fd is %s",
                     great ? "greater than maximum" : "less than minimum");
        return -1;
    }
    *dir_fd = (int)value;
    return 0;
}

static int convert(PyObject *const arguments[3], struct request *out) {
    *out = (struct request){.mode = 0666, .dir_fd = AT_FDCWD};
    out->path = convert_path(arguments[0]);
    if (!out->path)
        return -1;
    if ((arguments[1] && convert_mode(arguments[1], &out->mode)) ||
        (arguments[2] && convert_dir_fd(arguments[2], &out->dir_fd))) {
        Py_DECREF(out->path);
        return -1;
    }
    return 0;
}

/* --- the call --------------------------------------------------------------------------------- */

/*
 * 0, or -1 with an exception. Handlers of signals run between two attempts, and what they raise
 * ends the matter (PEP 475).
 */
static int make(const struct request *request, PyObject *filename) {
    const char *path = PyBytes_AsString(request->path);
    for (;;) {
        int error;
        Py_BEGIN_ALLOW_THREADS error =
            mkfifoat(request->dir_fd, path, (mode_t)request->mode) ? errno : 0;
        Py_END_ALLOW_THREADS if (!error) return 0;
        if (error != EINTR) {
            errno = error;
            PyErr_SetFromErrnoWithFilenameObject(PyExc_OSError, filename);
            return -1;
        }
        if (PyErr_CheckSignals())
            return -1;
    }
}

/* --- which argument is which ------------------------------------------------------------------ */

static const char *const names[] = {"path", "mode", "dir_fd", NULL};
enum { POSITIONAL_MAX = 2 };

static PyObject **find_place(PyObject *name, PyObject *places[3]) {
    for (size_t i = 0; names[i]; i++)
        if (PyUnicode_CompareWithASCIIString(name, names[i]) == 0)
            return &places[i];
    return NULL;
}

/* False if it is no right list of arguments. The values of those by name follow the others. */
static int sort_out(PyObject *const *values, Py_ssize_t count, PyObject *named, PyObject *out[3]) {
    if (count > POSITIONAL_MAX)
        return 0;
    for (Py_ssize_t i = 0; i < count; i++)
        out[i] = values[i];
    for (Py_ssize_t i = 0; named && i < PyTuple_Size(named); i++) {
        PyObject **place = find_place(PyTuple_GetItem(named, i), out);
        if (!place || *place)
            return 0;
        *place = values[count + i];
    }
    return out[0] != NULL;
}

static PyObject *tuple_of(PyObject *const *values, Py_ssize_t count) {
    PyObject *tuple = PyTuple_New(count);
    for (Py_ssize_t i = 0; tuple && i < count; i++) {
        Py_INCREF(values[i]);
        PyTuple_SetItem(tuple, i, values[i]);
    }
    return tuple;
}

static PyObject *dict_of(PyObject *keys, PyObject *const *values) {
    PyObject *dict = PyDict_New();
    for (Py_ssize_t i = 0; dict && keys && i < PyTuple_Size(keys); i++)
        if (PyDict_SetItem(dict, PyTuple_GetItem(keys, i), values[i]))
            Py_CLEAR(dict);
    return dict;
}

/*
 * Raises what is wrong with a list of arguments in the words of this Python: its own parser finds
 * it again. That parser for every call would be a tenth of its time.
 */
static void refuse_list(PyObject *const *values, Py_ssize_t count, PyObject *named) {
    PyObject *positional = tuple_of(values, count);
    PyObject *dict = dict_of(named, values + count);
    PyObject *unused[3];
    if (positional && dict &&
        PyArg_ParseTupleAndKeywords(positional, dict, "O|O$O:mkfifo", (char **)names, &unused[0],
                                    &unused[1], &unused[2]))
        PyErr_SetString(PyExc_SystemError, "mkfifo() cannot tell its arguments");
    Py_XDECREF(positional);
    Py_XDECREF(dict);
}

static PyObject *py_mkfifo(PyObject *module, PyObject *const *values, Py_ssize_t count,
                           PyObject *named) {
    PyObject *arguments[3] = {NULL};
    struct request request;
    (void)module;
    if (!sort_out(values, count, named, arguments)) {
        refuse_list(values, count, named);
        return NULL;
    }
    if (convert(arguments, &request))
        return NULL;
    int error = make(&request, arguments[0]);
    Py_DECREF(request.path);
    if (error)
        return NULL;
    Py_RETURN_NONE;
}

/* --- the module ------------------------------------------------------------------------------- */

/* The first line is what inspect.signature reads. */
PyDoc_STRVAR(mkfifo_doc,
             "mkfifo($module, /, path, mode=0o666, *, dir_fd=None)\n--\n\n"
             "Create a FIFO (a named pipe) called path.\n\n"
             "The permissions of the FIFO are mode without the bits of the process's umask. A\n"
             "relative path starts at the directory that the descriptor dir_fd refers to, or at\n"
             "the current directory if dir_fd is None; an absolute path ignores dir_fd.\n\n"
             "Nothing is opened: opening a FIFO for reading blocks until it is opened for\n"
             "writing, and the other way round. If path exists, be it a symbolic link to\n"
             "nothing, FileExistsError is raised; any other failure is an OSError, too.");

static PyMethodDef functions[] = {
    {"mkfifo", (PyCFunction)(void (*)(void))py_mkfifo, METH_FASTCALL | METH_KEYWORDS, mkfifo_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "mkfifo",
    .m_doc = "mkfifo on libmkfifo, with the signature of os.mkfifo.",
    .m_methods = functions,
};

PyMODINIT_FUNC PyInit__mkfifo(void);
PyMODINIT_FUNC PyInit__mkfifo(void) {
    return PyModuleDef_Init(&definition);
}

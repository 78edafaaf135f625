#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "interpreter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "check.h"

/* The sources of Python beside this file, by lines; each array ends with NULL. */
extern const char *const python_source_objects[];
extern const char *const python_source_kinds[];
extern const char *const python_source_calls[];

PyMODINIT_FUNC PyInit__mkfifo(void);

#if defined(__SANITIZE_ADDRESS__)
#define WITH_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_SANITIZER 1
#endif
#endif
#ifndef WITH_SANITIZER
#define WITH_SANITIZER 0
#endif

/* What is asked of calls.py. */
static struct {
    PyObject *begin, *make, *compare, *made;
    const char *state; /* two bytes, which never move: see calls.py */
    PyObject *labels;  /* a list of bytes for each column; read without the lock */
} calls;

/* --- the two implementations ------------------------------------------------------------------ */

/*
 * The path is read before the lock is taken: a bad pointer crashes here, and the harness finds out
 * that paths are read, as it does with any implementation that does so. errno is kept on success.
 */
static int call(enum side side, int directory, const char *path, mode_t mode) {
    const int kept = errno;
    const Py_ssize_t length = (Py_ssize_t)strlen(path);
    PyGILState_STATE state = PyGILState_Ensure();
    PyObject *answer =
        PyObject_CallFunction(calls.make, "iy#ii", (int)side, path, length, (int)mode, directory);
    long number = answer ? PyLong_AsLong(answer) : -1;
    if (!answer) /* calls.py catches all that a function under test may do */
        PyErr_Print();
    check(answer != NULL);
    Py_DECREF(answer);
    PyGILState_Release(state);
    errno = number ? (int)number : kept;
    return number ? -1 : 0;
}

static int reference_mkfifo(const char *path, mode_t mode) {
    return call(SIDE_REFERENCE, AT_FDCWD, path, mode);
}

static int reference_mkfifoat(int directory, const char *path, mode_t mode) {
    return call(SIDE_REFERENCE, directory, path, mode);
}

static int module_mkfifo(const char *path, mode_t mode) {
    return call(SIDE_MODULE, AT_FDCWD, path, mode);
}

static int module_mkfifoat(int directory, const char *path, mode_t mode) {
    return call(SIDE_MODULE, directory, path, mode);
}

const struct implementation interpreter_pair[SIDE_COUNT] = {
    [SIDE_REFERENCE] = {.name = "os.mkfifo",
                        .summary = "Python's own, called in this process",
                        .mkfifo = reference_mkfifo,
                        .mkfifoat = reference_mkfifoat},
    [SIDE_MODULE] = {.name = "mkfifo.mkfifo",
                     .summary = "the module of src/python, called in this process",
                     .mkfifo = module_mkfifo,
                     .mkfifoat = module_mkfifoat},
};

/* --- start ------------------------------------------------------------------------------------ */

/*
 * Nothing of the user's environment counts. Hashes are the same each time, so that an input repeats
 * what it showed. With a sanitizer each object is an allocation of its own that it watches.
 */
static PyStatus initialize(void) {
    PyPreConfig before;
    PyConfig config;
    PyPreConfig_InitIsolatedConfig(&before);
    before.utf8_mode = 1;
    before.allocator = WITH_SANITIZER ? PYMEM_ALLOCATOR_MALLOC : PYMEM_ALLOCATOR_PYMALLOC;
    PyStatus status = Py_PreInitialize(&before);
    if (PyStatus_Exception(status))
        return status;
    PyConfig_InitIsolatedConfig(&config);
    config.site_import = 0;
    config.write_bytecode = 0;
    config.use_hash_seed = 1;
    config.hash_seed = 0;
    status = PyConfig_SetBytesString(&config, &config.program_name, PYTHON_PROGRAM);
    if (!PyStatus_Exception(status))
        status = Py_InitializeFromConfig(&config);
    PyConfig_Clear(&config);
    return status;
}

/* A module made of these lines, in sys.modules; NULL with an exception. */
static PyObject *load(const char *name, const char *const *lines) {
    PyObject *empty = PyUnicode_FromString("");
    PyObject *list = PyList_New(0);
    for (; *lines && list; lines++) {
        PyObject *line = PyUnicode_FromFormat("%s\n", *lines);
        if (!line || PyList_Append(list, line))
            Py_CLEAR(list);
        Py_XDECREF(line);
    }
    PyObject *text = list ? PyUnicode_Join(empty, list) : NULL;
    PyObject *code = text ? Py_CompileString(PyUnicode_AsUTF8(text), name, Py_file_input) : NULL;
    PyObject *module = code ? PyImport_ExecCodeModule(name, code) : NULL;
    Py_XDECREF(code);
    Py_XDECREF(text);
    Py_XDECREF(list);
    Py_XDECREF(empty);
    return module;
}

/* Python that joins the parts: what is compared, and what was changed for a test. */
static const char joining[] = "import os, _mkfifo\n"
                              "functions[:] = [os.mkfifo, _mkfifo.mkfifo]\n";

static bool run(const char *source, PyObject *module) {
    PyObject *scope = PyModule_GetDict(module);
    PyObject *result = PyRun_String(source, Py_file_input, scope, scope);
    Py_XDECREF(result);
    return result != NULL;
}

static bool take_calls(PyObject *module) {
    PyObject *state = PyObject_GetAttrString(module, "state");
    PyObject *labels = PyObject_CallMethod(module, "labels", NULL);
    PyObject *warmed = PyObject_CallMethod(module, "warm_up", NULL);
    calls.begin = PyObject_GetAttrString(module, "begin");
    calls.make = PyObject_GetAttrString(module, "make");
    calls.compare = PyObject_GetAttrString(module, "compare");
    calls.made = PyObject_GetAttrString(module, "made");
    calls.labels = labels;
    calls.state = state ? PyByteArray_AsString(state) : NULL;
    Py_XDECREF(warmed);
    return labels && warmed && calls.begin && calls.make && calls.compare && calls.made &&
           calls.state;
}

static bool load_all(const char *canary) {
    PyObject *objects = load("objects", python_source_objects);
    PyObject *kinds = objects ? load("kinds", python_source_kinds) : NULL;
    PyObject *module = kinds ? load("calls", python_source_calls) : NULL;
    return module && run(joining, module) && take_calls(module) && (!canary || run(canary, module));
}

int interpreter_start(const char *canary, char *reason, size_t reason_size) {
    check(PyImport_AppendInittab("_mkfifo", PyInit__mkfifo) == 0);
    PyStatus status = initialize();
    bool complete = !PyStatus_Exception(status) && load_all(canary);
    if (!complete) {
        snprintf(reason, reason_size, "Python cannot be started (%s): install python3",
                 status.err_msg ? status.err_msg : "its library is incomplete");
        if (!PyStatus_Exception(status))
            PyErr_Print();
        return -ENOENT;
    }
    PyEval_SaveThread(); /* whoever needs the lock takes it */
    return 0;
}

/* --- one input -------------------------------------------------------------------------------- */

void interpreter_begin(const struct plan *plan) {
    PyGILState_STATE state = PyGILState_Ensure();
    PyObject *done = PyObject_CallFunction(
        calls.begin, "y#iO", (const char *)plan->rows, (Py_ssize_t)plan->row_count * PLAN_ROW,
        (int)plan->per_call, plan->tries_leaks ? Py_True : Py_False);
    check(done != NULL);
    Py_DECREF(done);
    PyGILState_Release(state);
}

bool interpreter_differs(char *out, size_t capacity) {
    PyGILState_STATE state = PyGILState_Ensure();
    PyObject *text = PyObject_CallNoArgs(calls.compare);
    check(text != NULL);
    bool differs = text != Py_None;
    if (differs) {
        PyObject *bytes = PyUnicode_AsEncodedString(text, "utf-8", "backslashreplace");
        check(bytes != NULL);
        snprintf(out, capacity, "%s", PyBytes_AsString(bytes));
        Py_DECREF(bytes);
    }
    Py_DECREF(text);
    PyGILState_Release(state);
    return differs;
}

bool interpreter_met_eloop(void) {
    return calls.state[1];
}

/* The kind that a row has in a column. */
static const char *label(const uint8_t *row, Py_ssize_t column) {
    PyObject *table = PyList_GET_ITEM(calls.labels, column);
    return PyBytes_AsString(PyList_GET_ITEM(table, row[column] % PyList_GET_SIZE(table)));
}

void interpreter_describe_last(const struct plan *plan, char *out, size_t capacity) {
    static const uint8_t plain[PLAN_ROW];
    unsigned at = (uint8_t)calls.state[0];
    const uint8_t *row = at < plan->row_count ? plan->rows[at] : plain;
    snprintf(out, capacity, "%s\n  {0}: %s\n  {1}: %s\n  {2}: %s", label(row, 3), label(row, 0),
             label(row, 1), label(row, 2));
}

uint64_t interpreter_calls(enum side side) {
    PyGILState_STATE state = PyGILState_Ensure();
    uint64_t made = PyLong_AsUnsignedLongLong(PyList_GET_ITEM(calls.made, (Py_ssize_t)side));
    PyGILState_Release(state);
    return made;
}

uint64_t interpreter_blocks(void) {
    PyGILState_STATE state = PyGILState_Ensure();
    PyObject *function = PySys_GetObject("getallocatedblocks");
    PyObject *number = function ? PyObject_CallNoArgs(function) : NULL;
    check(number != NULL);
    uint64_t blocks = PyLong_AsUnsignedLongLong(number);
    Py_DECREF(number);
    PyGILState_Release(state);
    return blocks;
}

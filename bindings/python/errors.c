/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "python/glue.h"

/* The exception classes live in vsk/errors.py, which knows how a status
 * becomes one of them. */
static PyObject *
make(vsk_status status, const char *text, int number)
{
    PyObject *module = PyImport_ImportModule("vsk.errors");
    PyObject *error;

    if (module == NULL)
        return NULL;
    error = PyObject_CallMethod(module, "from_status", "isi", (int)status, text,
                                number);
    Py_DECREF(module);
    return error;
}

static void
raise_with(vsk_status status, const char *text, int number)
{
    char words[256];
    PyObject *error;

    if (text[0] == '\0') {
        vsk_text_reason(status, NULL, words, sizeof words);
        text = words;
    }
    error = make(status, text, number);
    if (error == NULL)
        return;
    PyErr_SetObject((PyObject *)Py_TYPE(error), error);
    Py_DECREF(error);
}

void
vskpy_raise(vsk_status status, const char *text)
{
    raise_with(status, text, 0);
}

void
vskpy_raise_why(vsk_status status, const kit_why *why)
{
    raise_with(status, why->text, why->number);
}

void
vskpy_not_open(const char *name)
{
    char words[96];

    PyOS_snprintf(words, sizeof words,
                  "%s is None, closed, or its __init__ was not called", name);
    vskpy_raise(VSK_ERR_CLOSED, words);
}

int
vskpy_check(vsk_status status)
{
    if (status >= 0)
        return 0;
    vskpy_raise(status, "");
    return -1;
}

/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Typemaps of roles and labs, which only the frontends see. */

VSK_OBJECT(kit_role_options, OPTIONS)
VSK_OBJECT(kit_role, ROLE)
VSK_OBJECT(kit_lab, LAB)
VSK_OBJECT(kit_snapshot, SNAPSHOT)
VSK_OBJECT(kit_socket, SOCKET)
VSK_ARGUMENT(VSKPY_OPTIONS, kit_role_options, device)
VSK_ARGUMENT(VSKPY_OPTIONS, kit_role_options, guest)
VSK_ARGUMENT(VSKPY_SNAPSHOT, kit_snapshot, snapshot)
%apply kit_role_options **OUTPUT { kit_role_options **options };
%apply kit_role **OUTPUT { kit_role **role };
%apply kit_memory **OUTPUT { kit_memory **memory };
%apply kit_lab **OUTPUT { kit_lab **lab };
%apply kit_snapshot **OUTPUT { kit_snapshot **snapshot };
%apply kit_socket **OUTPUT { kit_socket **socket };
%apply uint64_t *OUTPUT { uint64_t *id, uint64_t *count, uint64_t *value };

%typemap(in) const char *name (Py_ssize_t length) {
    $1 = (char *)PyUnicode_AsUTF8AndSize($input, &length);
    if ($1 == NULL) SWIG_fail;
    if (strlen($1) != (size_t)length) {
        PyErr_SetString(PyExc_ValueError, "embedded null character");
        SWIG_fail;
    }
}
%typemap(in, numinputs=0) const char **word (const char *word = NULL) %{
    $1 = ($1_ltype)&word;
%}
%typemap(argout) const char **word %{
    if (result == VSK_OK) {
        Py_DECREF($result);
        $result = PyUnicode_FromString(*$1 == NULL ? "" : *$1);
    }
%}
%typemap(in, numinputs=0) (uint64_t **ids, uint32_t *many)
    (uint64_t *ids = NULL, uint32_t many = 0) %{
    $1 = &ids; $2 = &many;
%}
%typemap(argout) (uint64_t **ids, uint32_t *many) %{
    Py_DECREF($result);
    $result = vskpy_ids(*$1, *$2);
    free(*$1);
%}
/* An entry of a trace: (time, kind, line, guest, queue, head, written, status);
 * what it has not is None. */
%typemap(in, numinputs=0) const kit_entry **entry
    (const kit_entry *entry = NULL) %{
    $1 = ($1_ltype)&entry;
%}
%typemap(argout) const kit_entry **entry %{
    if (result == VSK_OK) {
        Py_DECREF($result);
        $result = vskpy_entry(*$1);
    }
%}
/* Where its queue stood, and its chain's spans: see vskpy_stand. */
%typemap(in, numinputs=0) const kit_entry **stood
    (const kit_entry *entry = NULL) %{
    $1 = ($1_ltype)&entry;
%}
%typemap(argout) const kit_entry **stood %{
    if (result == VSK_OK) {
        Py_DECREF($result);
        $result = vskpy_stand(*$1);
    }
%}
%typemap(in, numinputs=0) kit_event *event (kit_event event = {0}) %{
    $1 = &event;
%}
%typemap(argout) kit_event *event %{
    if (result == VSK_OK) {
        Py_DECREF($result);
        $result = vskpy_event($1);
    }
%}
%typemap(freearg) kit_event *event %{ kit_event_clear($1); %}

VSK_NO_ARGUMENTS(kit_role_options::make)
VSK_NO_ARGUMENTS(kit_role::swallow)
VSK_NO_ARGUMENTS(kit_lab::start)
VSK_NO_ARGUMENTS(kit_lab::now)
VSK_NO_ARGUMENTS(kit_lab::trace_end)
VSK_NO_ARGUMENTS(kit_lab::trace_begin)
VSK_NO_ARGUMENTS(kit_lab::trace_text)
VSK_NO_ARGUMENTS(kit_lab::snapshot)
VSK_NO_ARGUMENTS(kit_role::connections)
VSK_NO_ARGUMENTS(kit_role::memory)
/* A notice: (kind, status, text). */
%typemap(in, numinputs=0) vsk_notice *notice (vsk_notice notice) %{
    $1 = &notice;
%}
%typemap(argout) vsk_notice *notice %{
    if (result == VSK_OK) {
        Py_DECREF($result);
        $result = Py_BuildValue("iis", (int)$1->kind, (int)$1->status,
                                $1->text);
    }
%}
VSK_NO_ARGUMENTS(kit_socket::now)
VSK_NO_ARGUMENTS(kit_socket::trace_end)
VSK_NO_ARGUMENTS(kit_socket::trace_begin)
VSK_NO_ARGUMENTS(kit_socket::trace_text)
VSK_NO_ARGUMENTS(kit_socket::role)
VSK_NO_ARGUMENTS(kit_socket::fileno)
VSK_NO_ARGUMENTS(kit_socket::flush)
VSK_NO_ARGUMENTS(kit_socket::close)
VSK_NO_ARGUMENTS(kit_socket::notice)
VSK_NO_ARGUMENTS(kit_socket::stop)
VSK_NO_ARGUMENTS(kit_socket::resume)

/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Typemaps of roles and labs, which only the frontends see. */

VSK_OBJECT(kit_role_options, glue_role_options)
VSK_OBJECT(kit_role, glue_role)
VSK_OBJECT(kit_lab, glue_lab)
VSK_OBJECT(kit_snapshot, glue_snapshot)
VSK_OBJECT(kit_socket, glue_socket)
%apply kit_role_options **OUTPUT { kit_role_options **options };
%apply kit_role **OUTPUT { kit_role **role };
%apply kit_lab **OUTPUT { kit_lab **lab };
%apply kit_socket **OUTPUT { kit_socket **socket };
%apply kit_snapshot **OUTPUT { kit_snapshot **snapshot };
%apply uint64_t *OUTPUT { uint64_t *id, uint64_t *count, uint64_t *value };

%typemap(in, noblock=1) bool { $1 = glue_bool(L, $input); }
%typemap(in, noblock=1) const char *name {
    $1 = ($1_ltype)glue_name(L, $input);
}
%typemap(in, numinputs=0, noblock=1) const char **word
    (const char *word = NULL) {
    $1 = ($1_ltype)&word;
}
%typemap(argout, noblock=1) const char **word {
    lua_pushstring(L, *$1); SWIG_arg++;
}
%typemap(in, numinputs=0, noblock=1) (uint64_t **ids, uint32_t *many)
    (uint64_t *ids = NULL, uint32_t many = 0, void **slot) {
    $1 = &ids; $2 = &many;
}
%typemap(check, noblock=1) (uint64_t **ids, uint32_t *many) {
    slot$argnum = glue_new(L, &glue_raw);
}
%typemap(argout, noblock=1) (uint64_t **ids, uint32_t *many) {
    *slot$argnum = *$1;
    SWIG_arg += glue_push_ids(L, *$1, *$2);
}
/* An entry of a trace: time, kind, line, guest, queue, head, written, status;
 * what it has not is nil. */
%typemap(in, numinputs=0, noblock=1) const kit_entry **entry
    (const kit_entry *entry = NULL) {
    $1 = ($1_ltype)&entry;
}
%typemap(argout, noblock=1) const kit_entry **entry {
    SWIG_arg += glue_push_entry(L, *$1);
}
/* Kind, pair, whether it is a guest's, id, and what it is about. */
%typemap(in, numinputs=0, noblock=1) kit_event *event {
    $1 = glue_event(L);
}
%typemap(argout, noblock=1) kit_event *event {
    SWIG_arg += glue_push_event(L, $1);
}
/* A lab's memory is as much as a script can ask for. */
%typemap(argout, noblock=1) uint64_t memory_size { glue_account(L, $1); }

/* A snapshot keeps a copy of it all. */
%typemap(argout, noblock=1) kit_snapshot **snapshot {
    *slot$argnum = *$1;
    lua_pushvalue(L, place$argnum); SWIG_arg++;
    glue_account(L, glue_lab_bytes(arg1));
}

/* Features by name, as masks. */
%init %{
#define FEATURE(name, bit)                                                     \
    glue_push_integer(L, VSK_BIT(bit));                                        \
    lua_setfield(L, -2, "FEATURE_" #name);
    VSK_FEATURE_TABLE(FEATURE)
#undef FEATURE
#define PROTOCOL(name, bit)                                                    \
    glue_push_integer(L, VSK_BIT(bit));                                        \
    lua_setfield(L, -2, "PROTOCOL_" #name);
    VSK_PROTOCOL_TABLE(PROTOCOL)
#undef PROTOCOL
%}

/* A notice: kind, status, text. */
%typemap(in, numinputs=0, noblock=1) vsk_notice *notice (vsk_notice told) {
    $1 = &told;
}
%typemap(argout, noblock=1) vsk_notice *notice {
    glue_push_integer(L, $1->kind); SWIG_arg++;
    lua_pushstring(L, vsk_status_name($1->status)); SWIG_arg++;
    lua_pushstring(L, $1->text); SWIG_arg++;
}

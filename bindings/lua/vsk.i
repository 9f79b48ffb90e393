/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The Lua module vsk.core: typemaps in front of the shared interface. SWIG
 * writes the calls; objects, fields and options are the glue's, because
 * SWIG's own trust every userdata and make floats of all integers. */
%module vsk_core

%{
#include "lua/glue.h"

/* Say where: SWIG's own check raises without a position. */
#undef SWIG_check_num_args
#define SWIG_check_num_args(name, least, most)                                \
    if (lua_gettop(L) < least || lua_gettop(L) > most)                        \
        return luaL_error(L, "wrong number of arguments: %d to %d expected, " \
                          "the object among them, got %d",                    \
                          least, most, lua_gettop(L));

/* Where a failed call says more than its status: calls that take a kit_why
 * declare their own, all others see this one, which stays empty. */
static const kit_why vsk_why = {""};
%}

/* ---- integers: exact, ranged ---- */

%define VSK_INTEGER(TYPE, BITS)
%typemap(in, noblock=1) TYPE { $1 = (TYPE)glue_argument(L, $input, BITS); }
%typemap(out, noblock=1) TYPE { glue_push_integer(L, $1); SWIG_arg++; }
%typemap(in, numinputs=0, noblock=1) TYPE *OUTPUT ($*1_type number = 0) {
    $1 = &number;
}
%typemap(argout, noblock=1) TYPE *OUTPUT {
    glue_push_integer(L, *$1); SWIG_arg++;
}
%enddef
VSK_INTEGER(uint8_t, 8)
VSK_INTEGER(uint16_t, 16)
VSK_INTEGER(uint32_t, 32)
VSK_INTEGER(uint64_t, 64)
%apply uint16_t *OUTPUT { uint16_t *head };
%apply uint32_t *OUTPUT { uint32_t *written };
%apply uint64_t *OUTPUT { uint64_t *addr };

%typemap(in, numinputs=0, noblock=1) bool *yes (bool flag = false) {
    $1 = &flag;
}
%typemap(argout, noblock=1) bool *yes {
    lua_pushboolean(L, *$1); SWIG_arg++;
}

/* ---- status: the one place where failures become results or errors ---- */

/* Statuses of the functions that name them are plain numbers. */
%typemap(in, noblock=1) vsk_status {
    $1 = (vsk_status)(int)luaL_checkinteger(L, $input);
}
/* Nothing is held here that needs freeing: see glue.h. */
%typemap(out, noblock=1) vsk_status {
    if ($1 != VSK_OK)
        return glue_outcome(L, $1, vsk_why.text);
}
/* A call without results says true, so that assert is content. */
%typemap(ret, noblock=1) vsk_status {
    if (SWIG_arg == 0) {
        lua_pushboolean(L, 1); SWIG_arg++;
    }
}
%typemap(in, numinputs=0, noblock=1) kit_why *why {
    kit_why vsk_why;
    vsk_why.text[0] = '\0';
    $1 = &vsk_why;
}

/* ---- bytes, layouts, buffers, options ---- */

%typemap(in, noblock=1) (const void *data, size_t size) {
    $1 = ($1_ltype)glue_bytes(L, $input, &$2);
}
%typemap(in, numinputs=0, noblock=1) kit_bytes *bytes
    (kit_bytes raw = {0}, void **slot) {
    $1 = &raw;
}
%typemap(check, noblock=1) kit_bytes *bytes {
    slot$argnum = glue_new(L, &glue_raw);
}
%typemap(argout, noblock=1) kit_bytes *bytes {
    *slot$argnum = $1->data;
    lua_pushlstring(L, (const char *)$1->data, $1->size); SWIG_arg++;
    *slot$argnum = NULL;
    free($1->data);
    glue_account(L, $1->size);
}
%typemap(in, noblock=1) (const kit_layout *layout, bool indirect) {
    $1 = ($1_ltype)glue_layout(L, $input, &$2);
}
%typemap(in, noblock=1) const kit_list *buffers {
    $1 = ($1_ltype)glue_list(L, $input);
}
%typemap(in, noblock=1) uint32_t max_payload {
    $1 = glue_max_payload(L, $input);
}
%typemap(in, noblock=1)
    (uint64_t addr, uint32_t len, uint16_t flags, uint16_t next) {
    const vsk_desc vsk_given = glue_desc(L, $input);
    $1 = vsk_given.addr; $2 = vsk_given.len;
    $3 = vsk_given.flags; $4 = vsk_given.next;
}
%typemap(in, numinputs=0, noblock=1) vsk_desc *desc (vsk_desc found = {0}) {
    $1 = &found;
}
%typemap(argout, noblock=1) vsk_desc *desc {
    glue_push_integer(L, $1->addr); SWIG_arg++;
    glue_push_integer(L, $1->len); SWIG_arg++;
    glue_push_integer(L, $1->flags); SWIG_arg++;
    glue_push_integer(L, $1->next); SWIG_arg++;
}
%typemap(in, numinputs=0, noblock=1) vsk_used *used (vsk_used found = {0}) {
    $1 = &found;
}
%typemap(argout, noblock=1) vsk_used *used {
    glue_push_used(L, $1); SWIG_arg++;
}

/* ---- objects: made by calls, checked when they come back ---- */

%define VSK_OBJECT(TYPE, CLASS)
%typemap(in, noblock=1) TYPE * { $1 = glue_check(L, $input, &CLASS); }
%typemap(in, numinputs=0, noblock=1) TYPE **OUTPUT
    (TYPE *made = NULL, void **slot, int place) {
    $1 = &made;
}
%typemap(check, noblock=1) TYPE **OUTPUT {
    slot$argnum = glue_new(L, &CLASS);
    place$argnum = lua_gettop(L);
}
%typemap(argout, noblock=1) TYPE **OUTPUT {
    *slot$argnum = *$1;
    lua_pushvalue(L, place$argnum); SWIG_arg++;
}
%enddef
VSK_OBJECT(vsk_header, glue_header)
VSK_OBJECT(kit_packet, glue_packet)
VSK_OBJECT(kit_memory, glue_memory)
VSK_OBJECT(kit_queue, glue_queue)
VSK_OBJECT(kit_driver, glue_driver)
VSK_OBJECT(kit_device, glue_device)
VSK_OBJECT(kit_chain, glue_chain)
VSK_OBJECT(kit_packets, glue_packets)
%apply vsk_header **OUTPUT { vsk_header **header };
%apply kit_packet **OUTPUT { kit_packet **packet };
%apply kit_chain **OUTPUT { kit_chain **chain };
%apply kit_packets **OUTPUT { kit_packets **packets };
%apply kit_memory **OUTPUT { kit_memory **memory };

%rename(bytes) kit_packet::encode;

VSK_OBJECT(kit_capture, glue_capture)
%apply uint64_t *OUTPUT { uint64_t *count };
%typemap(in, numinputs=0, noblock=1) kit_record *record
    (kit_record found, void **slot, int place) {
    $1 = &found;
}
%typemap(check, noblock=1) kit_record *record {
    slot$argnum = glue_new(L, &glue_packet);
    place$argnum = lua_gettop(L);
}
%typemap(argout, noblock=1) kit_record *record {
    *slot$argnum = $1->packet;
    glue_push_record(L, place$argnum, $1); SWIG_arg++;
}

%include "roles.i"
%include "../vsk.i"
%include "../captures.i"
%include "../roles.i"
%include "../socket.i"
%include "../rogue.i"

/* What the frontend needs to move images, and to step through packets. */
%extend kit_memory {
    vsk_status _head(kit_bytes *bytes) {
        return kit_memory_head($self, bytes);
    }
    static vsk_status _load(const void *data, size_t size,
                            kit_memory **memory) {
        return kit_memory_load(data, size, memory);
    }
    vsk_status _adopt() { return kit_memory_adopt($self); }
}

%extend kit_packets {
    vsk_status next(kit_packet **packet, kit_why *why);
}

%native(packet) int glue_packet_new(lua_State *L);
%native(header) int glue_header_new(lua_State *L);
%native(memory) int glue_memory_new(lua_State *L);
%native(image_head) int glue_image_head(lua_State *L);
%native(image_fits) int glue_image_fits(lua_State *L);
%native(queue) int glue_queue_new(lua_State *L);
%native(capture) int glue_capture_new(lua_State *L);

%constant char *VERSION = VSK_VERSION;

%{
/* Hand SWIG's methods of a class over to the glue. */
static void
vsk_register(lua_State *L, int module, swig_type_info *info,
             const glue_type *type)
{
    static char nobody;

    if (info == NULL) {
        lua_newtable(L);
    } else {
        SWIG_NewPointerObj(L, &nobody, info, 0);
        lua_getmetatable(L, -1);
        lua_getfield(L, -1, ".fn");
        lua_pushnil(L); /* trusts every userdata */
        lua_setfield(L, -2, "__disown");
        lua_replace(L, -3);
        lua_pop(L, 1);
    }
    glue_register(L, module, type);
}

/* Close the way to SWIG's own metatable through the table on top. */
static void
vsk_seal(lua_State *L)
{
    if (lua_istable(L, -1) && lua_getmetatable(L, -1)) {
        lua_pushboolean(L, false);
        lua_setfield(L, -2, "__metatable");
        lua_pop(L, 1);
    }
}
%}

%init %{
    {
        int module = lua_gettop(L);

        /* SWIG's own globals trust every userdata. */
        lua_pushnil(L);
        lua_setglobal(L, "swig_type");
        lua_pushnil(L);
        lua_setglobal(L, "swig_equals");
        glue_roles_setup(L);
        vsk_register(L, module, SWIGTYPE_p_vsk_header, &glue_header);
        vsk_register(L, module, SWIGTYPE_p_kit_packet, &glue_packet);
        vsk_register(L, module, SWIGTYPE_p_kit_memory, &glue_memory);
        vsk_register(L, module, SWIGTYPE_p_vsk_image_ring, &glue_ring);
        vsk_register(L, module, SWIGTYPE_p_kit_queue, &glue_queue);
        vsk_register(L, module, SWIGTYPE_p_kit_driver, &glue_driver);
        vsk_register(L, module, SWIGTYPE_p_kit_device, &glue_device);
        vsk_register(L, module, SWIGTYPE_p_kit_chain, &glue_chain);
        vsk_register(L, module, SWIGTYPE_p_vsk_used, &glue_used);
        vsk_register(L, module, SWIGTYPE_p_kit_packets, &glue_packets);
        vsk_register(L, module, SWIGTYPE_p_kit_capture, &glue_capture);
        vsk_register(L, module, SWIGTYPE_p_kit_role_options,
                     &glue_role_options);
        vsk_register(L, module, SWIGTYPE_p_kit_role, &glue_role);
        vsk_register(L, module, SWIGTYPE_p_kit_lab, &glue_lab);
        vsk_register(L, module, SWIGTYPE_p_kit_snapshot, &glue_snapshot);
        vsk_register(L, module, SWIGTYPE_p_kit_socket, &glue_socket);
        vsk_register(L, module, NULL, &glue_buffer);
        lua_pushnil(L);
        while (lua_next(L, module) != 0) {
            vsk_seal(L);
            lua_pop(L, 1);
        }
        vsk_seal(L);
    }
%}

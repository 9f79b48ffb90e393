/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Glue: what the Lua module has beside SWIG's wrappers: checked objects,
 * fields, exact integers, options, and failures as Lua reports them.
 *
 *     userdata { no SWIG type, pointer } -> metatable of its glue_type
 *                                              __index:   fields, methods
 *                                              __gc, __close: release once
 *
 * SWIG's wrappers convert arguments through the glue_* calls below. All of
 * them may raise, so nothing that needs free() is held across them: what an
 * argument needs lives in a userdata that takes the argument's place.
 */
#ifndef VSK_LUA_GLUE_H
#define VSK_LUA_GLUE_H

#include <lauxlib.h>
#include <lua.h>

#include "kit/capture.h"
#include "kit/kit.h"
#include "kit/lab.h"
#include "kit/socket.h"

/* A field of an object; get pushes one value, set takes the one at 3. */
typedef struct glue_field {
    const char *name;
    void (*get)(lua_State *L, void *self);
    void (*set)(lua_State *L, void *self); /* NULL: read-only */
} glue_field;

/* A class of objects. */
typedef struct glue_type {
    const char *name;
    void (*release)(void *self);
    void (*close)(void *self); /* what __close does; NULL: release */
    void (*text)(lua_State *L, void *self); /* pushes it, or NULL */
    const glue_field *base;   /* fields of what self begins with, or NULL */
    const glue_field *fields; /* to an entry without a name */
    const luaL_Reg *methods;  /* beside SWIG's, or NULL */
    const luaL_Reg *meta;     /* metamethods of its own, or NULL */
} glue_type;

extern const glue_type glue_header;
extern const glue_type glue_packet;
extern const glue_type glue_memory;
extern const glue_type glue_ring;
extern const glue_type glue_queue;
extern const glue_type glue_driver;
extern const glue_type glue_device;
extern const glue_type glue_chain;
extern const glue_type glue_used;
extern const glue_type glue_packets;
extern const glue_type glue_capture;
extern const glue_type glue_buffer;
extern const glue_type glue_role_options;
extern const glue_type glue_role;
extern const glue_type glue_lab;
extern const glue_type glue_socket;
extern const glue_type glue_snapshot;
/* Owners that no script sees: of memory, of a block, of an event. */
extern const glue_type glue_raw;
extern const glue_type glue_block;
extern const glue_type glue_told;

/* object.c */
/* Make a class of a type: pops its table of methods, and leaves them and the
 * names of its fields in the tables classes and fields of the module at an
 * index. */
void glue_register(lua_State *L, int module, const glue_type *type);
/* Let objects of a type be made that no script sees. */
void glue_hide(lua_State *L, const glue_type *type);
/* Push an empty object; what is put where the result points belongs to it.
 * Lua leaves a function where it has no memory, so what is to be owned is made
 * after its owner. */
void **glue_new(lua_State *L, const glue_type *type);
/* The open object at an index, or an error. */
void *glue_check(lua_State *L, int index, const glue_type *type);
/* The same, or NULL where it is something else. */
void *glue_test(lua_State *L, int index, const glue_type *type);
/* Let go of the object at an index, if that has not happened. */
void glue_release(lua_State *L, int index, const glue_type *type);
/* Whether it has not; an error where it is something else. */
bool glue_is_open(lua_State *L, int index, const glue_type *type);
/* Push an object of fresh memory, or an error; gives the memory. */
void *glue_alloc(lua_State *L, const glue_type *type, size_t size);
/* Let the collector know of bytes that it does not see. */
void glue_account(lua_State *L, uint64_t bytes);

/* number.c */
/* The integer at an index, of up to 64 bits; larger ones than 2^63 - 1 are
 * negative in Lua. A float with an integer's value will do. */
bool glue_integer(lua_State *L, int index, unsigned bits, uint64_t *value);
/* The same as an argument of a function, or an error. */
uint64_t glue_argument(lua_State *L, int index, unsigned bits);
/* The same as the value of a field or an option, or an error. */
uint64_t glue_value(lua_State *L, int index, const char *name, unsigned bits);
void glue_push_integer(lua_State *L, uint64_t value);

/* options.c */
/* Refuse keys of the table at an index that are not in the list. */
void glue_options(lua_State *L, int index, const char *const *names);
/* Push an option; false, and nothing pushed, where it is not given. */
bool glue_option(lua_State *L, int index, const char *name);
bool glue_flag(lua_State *L, int index, const char *name, bool otherwise);
/* The bytes of a string at an index. */
const void *glue_bytes(lua_State *L, int index, size_t *size);
const kit_layout *glue_layout(lua_State *L, int index, bool *indirect);
const kit_list *glue_list(lua_State *L, int index);
uint32_t glue_max_payload(lua_State *L, int index);
vsk_desc glue_desc(lua_State *L, int index);

/* status.c */
/* Push nil, message and code for what the peer or the world did, or raise
 * the caller's mistake; returns the number of results. */
int glue_outcome(lua_State *L, vsk_status status, const char *why);
/* Raise every failure: for fields, which have no results. */
void glue_must(lua_State *L, vsk_status status);

/* text.c */
void glue_push_line(lua_State *L, const vsk_header *header);
void glue_push_fields(lua_State *L, const vsk_header *header);
void glue_push_chain(lua_State *L, const vsk_chain *chain);
void glue_push_drawing(lua_State *L, const vsk_chain *chain);

/* fields.c: vsk_header is the first thing in a Header and in a Packet */
extern const glue_field glue_header_fields[];

/* header.c */
/* Set the fields of the object at 2 that the table at 1 has. */
void glue_set_fields(lua_State *L, const glue_type *type, void *self);
/* Push a new header, all zero. */
vsk_header *glue_push_header(lua_State *L);
int glue_header_new(lua_State *L);
int glue_header_numbers(lua_State *L);
int glue_header_text(lua_State *L);
int glue_header_pairs(lua_State *L);

/* buffer.c */
void glue_push_buffer(lua_State *L, kit_block *block, uint8_t *base,
                      size_t size, bool writable);

/* queue.c */
void glue_push_ring(lua_State *L, const vsk_image_ring *ring);
void glue_push_used(lua_State *L, const vsk_used *used);

/* packet.c, memory.c, queue.c: functions of the module */
int glue_packet_new(lua_State *L);
int glue_memory_new(lua_State *L);
int glue_image_head(lua_State *L);
int glue_image_fits(lua_State *L);
int glue_queue_new(lua_State *L);

/* capture.c */
/* Push a record, whose packet the object at an index owns. */
void glue_push_record(lua_State *L, int packet, const kit_record *record);
int glue_capture_new(lua_State *L);

/* roles.c */
/* The string, or the boolean, at an index, or an error. */
const char *glue_name(lua_State *L, int index);
bool glue_bool(lua_State *L, int index);
/* The state's own event, cleared: whatever becomes of a function, it owns what
 * the event holds. */
kit_event *glue_event(lua_State *L);
/* Push what an event is made of and clear it; returns the number of values. */
int glue_push_event(lua_State *L, kit_event *event);
/* The bytes of all guests' memories. */
uint64_t glue_lab_bytes(const kit_lab *lab);
/* Push what an entry of a trace is made of, nil for what it has not; returns
 * the number of values. */
int glue_push_entry(lua_State *L, const kit_entry *entry);
/* Push a list of ids. */
int glue_push_ids(lua_State *L, const uint64_t *ids, uint32_t count);
/* What the module needs before anything else is called. */
void glue_roles_setup(lua_State *L);

#endif

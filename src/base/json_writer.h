/*
 * Writes JSON (RFC 8259) into a strbuf, element by element; commas and nesting are its business.
 *
 * Text that is not valid UTF-8 is written with U+FFFD for each bad byte, so that the output always
 * is.  Characters that a terminal would obey are written as \u escapes.  Numbers that JSON cannot
 * hold (inf, nan) become null.
 *
 * The names are json_write_...() and json_field_...() because libjansson, which is linked too, owns
 * json_string() and the like.
 *
 * Not pretty is all on one line with ", " and ": "; pretty gives each element its line, but for the
 * scalars of an array, which share lines of up to some 100 bytes.
 */
#ifndef BASE_JSON_WRITER_H
#define BASE_JSON_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "base/strbuf.h"

enum { JSON_DEPTH_MAX = 64 };

struct json_writer {
	struct strbuf *out; /* borrowed */
	bool is_pretty;     /* two spaces of indentation */
	bool is_after_key;
	int depth; /* objects and arrays that are open */
	struct json_level {
		bool is_array;
		bool has_element;
		bool is_last_scalar; /* the latest element was neither object nor array */
	} levels[JSON_DEPTH_MAX];
};

void json_writer_init(struct json_writer *, struct strbuf *out, bool is_pretty);

/* Everything must be ended in the end, and values in objects have keys; else it is our bug. */
void json_write_object_begin(struct json_writer *);
void json_write_object_end(struct json_writer *);
void json_write_array_begin(struct json_writer *);
void json_write_array_end(struct json_writer *);
void json_write_key(struct json_writer *, const char *key);

void json_write_string(struct json_writer *, const char *s); /* NULL is written as null */
void json_write_str(struct json_writer *, struct str);
void json_write_int(struct json_writer *, int64_t);
/* The shortest text that reads back as the same number, always recognisable as no integer: 41.0. */
void json_write_double(struct json_writer *, double);
void json_write_bool(struct json_writer *, bool);
void json_write_null(struct json_writer *);

/* Members of the object that is open, written elsewhere: `"type": "integer", "minimum": 1`.  Not
 * looked at; must not be empty. */
void json_write_members(struct json_writer *, struct str members);

/* A value that was written elsewhere, by a writer like this one.  Not looked at; must be one. */
void json_write_raw(struct json_writer *, struct str value);

/* What a command prints as JSON: an object, pretty, open after "schema" and "command"; in the end
 * it is closed, with the line. */
void json_document_begin(struct json_writer *, struct strbuf *out, const char *command);
void json_document_end(struct json_writer *);

/* json_write_key() and a value at once. */
void json_field_str(struct json_writer *, const char *key, struct str);
void json_field_string(struct json_writer *, const char *key, const char *s);
void json_field_int(struct json_writer *, const char *key, int64_t);
void json_field_double(struct json_writer *, const char *key, double);
void json_field_bool(struct json_writer *, const char *key, bool);
void json_field_time(struct json_writer *, const char *key, int64_t wall_ms); /* RFC 3339 */
/* null where there is none (0). */
void json_field_time_or_null(struct json_writer *, const char *key, int64_t wall_ms);

#endif

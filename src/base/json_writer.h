/*
 * Writes JSON (RFC 8259) into a strbuf, element by element; commas and nesting are its business.
 *
 * Text that is not valid UTF-8 is written with U+FFFD for each bad byte, so that the output always
 * is.  Numbers that JSON cannot hold (inf, nan) become null.
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
	bool is_pretty;	    /* two spaces of indentation, a line for each element */
	int depth;
	bool has_element[JSON_DEPTH_MAX];
	bool is_array[JSON_DEPTH_MAX];
	bool is_after_key;
};

void json_writer_init(struct json_writer *, struct strbuf *out, bool is_pretty);

void json_object_begin(struct json_writer *);
void json_object_end(struct json_writer *);
void json_array_begin(struct json_writer *);
void json_array_end(struct json_writer *);
void json_key(struct json_writer *, const char *key);

void json_string(struct json_writer *, const char *s); /* NULL is written as null */
void json_str(struct json_writer *, struct str);
void json_int(struct json_writer *, int64_t);
void json_double(struct json_writer *, double); /* shortest text that reads back as the same number */
void json_bool(struct json_writer *, bool);
void json_null(struct json_writer *);

/* json_key() and a value at once. */
void json_field_string(struct json_writer *, const char *key, const char *s);
void json_field_int(struct json_writer *, const char *key, int64_t);
void json_field_double(struct json_writer *, const char *key, double);
void json_field_bool(struct json_writer *, const char *key, bool);
void json_field_time(struct json_writer *, const char *key, int64_t wall_ms); /* RFC 3339 */

#endif

/*
 * Writes CSV as RFC 4180 quotes it, for programs: bytes are kept exactly as they are.  Lines end in
 * "\n", which every reader takes and line tools like.
 */
#ifndef BASE_CSV_WRITER_H
#define BASE_CSV_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct strbuf;

struct csv_writer {
	struct strbuf *out; /* borrowed */
	int fields;         /* of the row that is being written */
	bool is_blank;      /* that row is one empty field so far */
};

void csv_writer_init(struct csv_writer *, struct strbuf *out);

void csv_write_string(struct csv_writer *, const char *s); /* NULL is written as an empty field */
void csv_write_str(struct csv_writer *, struct str);
void csv_write_int(struct csv_writer *, int64_t);
void csv_write_double(struct csv_writer *, double);        /* not finite: an empty field */
void csv_write_bool(struct csv_writer *, bool);            /* true, false */
void csv_write_time(struct csv_writer *, int64_t wall_ms); /* RFC 3339 */
void csv_end_row(struct csv_writer *);

#endif

/*
 * CSV as text.  See csv_writer.h.
 */
#include "base/csv_writer.h"

#include <math.h>

#include "base/number.h"
#include "base/strbuf.h"
#include "base/time.h"

void csv_writer_init(struct csv_writer *w, struct strbuf *out)
{
	*w = (struct csv_writer){.out = out};
}

static void csv_begin_field(struct csv_writer *w, bool is_empty)
{
	if (w->fields > 0) {
		strbuf_addc(w->out, ',');
	}
	w->is_blank = is_empty && w->fields == 0;
	w->fields++;
}

static bool needs_quotes(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];

		if (c == ',' || c == '"' || c == '\n' || c == '\r') {
			return true;
		}
	}
	return false;
}

void csv_write_str(struct csv_writer *w, struct str s)
{
	csv_begin_field(w, s.len == 0);
	if (!needs_quotes(s)) {
		strbuf_addstr(w->out, s);
		return;
	}
	strbuf_addc(w->out, '"');
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] == '"') {
			strbuf_addc(w->out, '"');
		}
		strbuf_addc(w->out, s.ptr[i]);
	}
	strbuf_addc(w->out, '"');
}

void csv_write_string(struct csv_writer *w, const char *s)
{
	csv_write_str(w, str_of(s ? s : ""));
}

void csv_write_int(struct csv_writer *w, int64_t value)
{
	csv_begin_field(w, false);
	strbuf_addf(w->out, "%lld", (long long)value);
}

void csv_write_double(struct csv_writer *w, double value)
{
	csv_begin_field(w, !isfinite(value));
	if (isfinite(value)) {
		number_add_double(w->out, value);
	}
}

void csv_write_bool(struct csv_writer *w, bool value)
{
	csv_write_string(w, value ? "true" : "false");
}

void csv_write_time(struct csv_writer *w, int64_t wall_ms)
{
	csv_begin_field(w, false);
	time_add_rfc3339(w->out, wall_ms);
}

void csv_end_row(struct csv_writer *w)
{
	/* A row of one empty field would be an empty line, which readers skip. */
	strbuf_adds(w->out, w->is_blank && w->fields == 1 ? "\"\"\n" : "\n");
	w->fields = 0;
	w->is_blank = false;
}

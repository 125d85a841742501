/*
 * Many errors as one.  See complaints.h.
 */
#include "conf/complaints.h"

#include "base/utf8.h"

enum {
	TEXT_MAX = 420, /* leaves room in struct err for the count */
	WHERE_MAX = 200,
};

void complaints_release(struct complaints *complaints)
{
	strbuf_release(&complaints->text);
	*complaints = (struct complaints)COMPLAINTS_INIT;
}

static void add_place(struct strbuf *out, struct place place)
{
	if (!place.where) {
		return;
	}
	utf8_add_escaped(out, str_of(place.where), WHERE_MAX);
	if (place.line > 0) {
		strbuf_addf(out, ":%zu:%zu", place.line, place.column);
	}
	strbuf_adds(out, ": ");
}

void complaints_add(struct complaints *complaints, struct place place, const struct err *err)
{
	struct strbuf *text = &complaints->text;
	size_t len = text->len;

	complaints->count++;
	if (complaints->told_count + 1 < complaints->count) {
		return; /* one has not fitted: the rest are only counted, to keep the order */
	}
	if (complaints->count == 1) {
		complaints->code = err->code;
	} else {
		strbuf_adds(text, "; ");
	}
	add_place(text, place);
	strbuf_adds(text, err->msg);
	if (complaints->count > 1 && text->len > TEXT_MAX) {
		strbuf_truncate(text, len);
		return;
	}
	complaints->told_count++;
}

int complaints_result(const struct complaints *complaints, struct err *err)
{
	size_t untold = complaints->count - complaints->told_count;

	if (complaints->count == 0) {
		return 0;
	}
	if (untold == 0) {
		return err_set(err, complaints->code, "%s", complaints->text.buf);
	}
	return err_set(err, complaints->code, "%s (and %zu more)", complaints->text.buf, untold);
}

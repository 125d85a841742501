/*
 * All that is wrong with a configuration, collected and told in the order of the files.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/vec.h"
#include "conf/conf_internal.h"

bool conf_faults_are_full(const struct conf_reader *r)
{
	return r->faults_count >= CONF_ERRORS_MAX;
}

/* An alias can lead to the same fault many times. */
static bool is_known(const struct conf_reader *r, const char *text)
{
	for (size_t i = 0; i < r->faults_count; i++) {
		if (strcmp(r->faults[i].text, text) == 0) {
			return true;
		}
	}
	return false;
}

static const char *at_place(
	struct arena *arena, const char *file, struct yaml_place place, const char *fmt, va_list ap)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

	strbuf_addf(&text, "%s:%u:%u: ", file, place.line, place.column);
	strbuf_vaddf(&text, fmt, ap);
	return arena_strdup(arena, text.buf);
}

static void add_fault(struct conf_reader *r, uint32_t file_number, const char *file,
	struct yaml_place place, const char *fmt, va_list ap)
{
	const char *text;

	r->faults_told++;
	if (conf_faults_are_full(r)) {
		r->faults_dropped++;
		return;
	}
	text = at_place(r->conf->arena, file, place, fmt, ap);
	if (!is_known(r, text)) {
		*VEC_PUSH(r, faults) = (struct conf_fault){file_number, place, text};
	}
}

void conf_fault(struct conf_reader *r, struct yaml_place place, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_fault(r, r->file->number, r->file->name, place, fmt, ap);
	va_end(ap);
}

void conf_fault_in(struct conf_reader *r, uint32_t file_number, const char *file,
	struct yaml_place place, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_fault(r, file_number, file, place, fmt, ap);
	va_end(ap);
}

void conf_warn(struct conf_reader *r, struct yaml_place place, const char *fmt, ...)
{
	struct conf *conf = r->conf;
	const char *text;
	va_list ap;

	if (conf->warnings_count >= CONF_ERRORS_MAX) {
		return;
	}
	va_start(ap, fmt);
	text = at_place(conf->arena, r->file->name, place, fmt, ap);
	va_end(ap);
	*VEC_PUSH_IN(conf->arena, conf, warnings) = arena_strdup(conf->arena, text);
}

static int fault_compare(const void *left, const void *right)
{
	const struct conf_fault *a = left;
	const struct conf_fault *b = right;

	if (a->file_number != b->file_number) {
		return a->file_number < b->file_number ? -1 : 1;
	}
	if (a->place.line != b->place.line) {
		return a->place.line < b->place.line ? -1 : 1;
	}
	if (a->place.column != b->place.column) {
		return a->place.column < b->place.column ? -1 : 1;
	}
	return strcmp(a->text, b->text);
}

static void add_error(struct conf *conf, const char *text)
{
	if (conf->errors_count >= CONF_ERRORS_MAX) {
		conf->errors_dropped++;
		return;
	}
	*VEC_PUSH_IN(conf->arena, conf, errors) = arena_strdup(conf->arena, text);
}

int conf_faults_finish(struct conf_reader *r, struct err *err)
{
	const size_t more = r->faults_count + r->faults_dropped - 1;

	if (r->faults_count == 0) {
		return 0;
	}
	qsort(r->faults, r->faults_count, sizeof(*r->faults), fault_compare);
	for (size_t i = 0; i < r->faults_count; i++) {
		add_error(r->conf, r->faults[i].text);
	}
	r->conf->errors_dropped += r->faults_dropped;

	if (more == 0) {
		return err_set(err, ERR_INPUT, "%s", r->faults[0].text);
	}
	return err_set(err, ERR_INPUT, "%.400s (and %zu more error%s)", r->faults[0].text, more,
		more == 1 ? "" : "s");
}

void conf_error(struct conf *conf, const char *where, const char *fmt, ...)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
	va_list ap;

	if (where) {
		strbuf_addf(&text, "%s: ", where);
	}
	va_start(ap, fmt);
	strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	add_error(conf, text.buf);
}

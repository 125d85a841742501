/*
 * The Prometheus text format.  See prometheus_writer.h.
 */
#include "base/prometheus_writer.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/map.h"
#include "base/number.h"
#include "base/strbuf.h"
#include "base/utf8.h"

struct family {
	struct strbuf head; /* HELP and TYPE */
	struct strbuf samples;
};

struct prometheus_writer {
	struct map *families; /* struct family, by name */
	struct map *series;   /* names with labels that are there */
};

struct prometheus_writer *prometheus_writer_new(void)
{
	struct prometheus_writer *w = xcalloc(1, sizeof(*w));

	w->families = map_new(MAP_KEYS_COPIED);
	w->series = map_new(MAP_KEYS_COPIED);
	return w;
}

void prometheus_writer_free(struct prometheus_writer *w)
{
	void *value;

	if (!w) {
		return;
	}
	for (size_t pos = 0; map_next(w->families, &pos, NULL, &value);) {
		struct family *family = value;

		strbuf_release(&family->head);
		strbuf_release(&family->samples);
		free(family);
	}
	map_free(w->families);
	map_free(w->series);
	free(w);
}

void prometheus_writer_freep(struct prometheus_writer **w)
{
	prometheus_writer_free(*w);
}

static const char *type_name(enum prometheus_type type)
{
	switch (type) {
	case PROMETHEUS_GAUGE:
		return "gauge";
	case PROMETHEUS_COUNTER:
		return "counter";
	case PROMETHEUS_HISTOGRAM:
		return "histogram";
	case PROMETHEUS_SUMMARY:
		return "summary";
	case PROMETHEUS_UNTYPED:
		break;
	}
	return "untyped";
}

static void add_name(struct strbuf *sb, struct str name, bool is_colon_fine)
{
	if (name.len == 0 || char_is_digit(name.ptr[0])) {
		strbuf_addc(sb, '_');
	}
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		bool is_fine = char_is_alnum(c) || c == '_' || (c == ':' && is_colon_fine);

		strbuf_addc(sb, is_fine ? c : '_');
	}
}

void prometheus_add_name(struct strbuf *sb, struct str name)
{
	add_name(sb, name, true);
}

static void add_escaped(struct strbuf *sb, struct str s, bool is_label)
{
	while (s.len > 0) {
		uint32_t c = UTF8_REPLACEMENT;
		size_t len = utf8_decode(s, &c);

		if (c == '\\') {
			strbuf_adds(sb, "\\\\");
		} else if (c == '\n') {
			strbuf_adds(sb, "\\n");
		} else if (c == '"' && is_label) {
			strbuf_adds(sb, "\\\"");
		} else {
			utf8_add_char(sb, c);
		}
		s = str_sub(s, len > 0 ? len : 1, s.len);
	}
}

static void add_value(struct strbuf *sb, double value)
{
	if (isnan(value)) {
		strbuf_adds(sb, "NaN");
	} else if (isinf(value)) {
		strbuf_adds(sb, value > 0 ? "+Inf" : "-Inf");
	} else {
		number_add_double(sb, value);
	}
}

static struct family *family_of(
	struct prometheus_writer *w, struct str name, const struct prometheus_sample *sample)
{
	struct family *family = map_get(w->families, name);

	if (family) {
		return family;
	}
	family = xcalloc(1, sizeof(*family));
	strbuf_init(&family->head, 0);
	strbuf_init(&family->samples, 0);
	if (sample->help) {
		strbuf_adds(&family->head, "# HELP ");
		strbuf_addstr(&family->head, name);
		strbuf_addc(&family->head, ' ');
		add_escaped(&family->head, str_of(sample->help), false);
		strbuf_addc(&family->head, '\n');
	}
	strbuf_adds(&family->head, "# TYPE ");
	strbuf_addstr(&family->head, name);
	strbuf_addf(&family->head, " %s\n", type_name(sample->type));
	map_set(w->families, name, family);
	return family;
}

static void add_labels(struct strbuf *sb, const struct prometheus_sample *sample)
{
	char before = '{';

	for (size_t i = 0; i < sample->labels_count; i++) {
		const struct prometheus_label *label = &sample->labels[i];

		if (!label->value) {
			continue;
		}
		strbuf_addc(sb, before);
		add_name(sb, str_of(label->name), false);
		strbuf_adds(sb, "=\"");
		add_escaped(sb, str_of(label->value), true);
		strbuf_addc(sb, '"');
		before = ',';
	}
	if (before == ',') {
		strbuf_addc(sb, '}');
	}
}

void prometheus_add(struct prometheus_writer *w, const struct prometheus_sample *sample)
{
	_cleanup_(strbuf_release) struct strbuf line = STRBUF_INIT;
	struct family *family;

	prometheus_add_name(&line, str_of(sample->family));
	family = family_of(w, strbuf_str(&line), sample);
	strbuf_adds(&line, sample->suffix ? sample->suffix : "");
	add_labels(&line, sample);
	if (map_has(w->series, strbuf_str(&line))) {
		return;
	}
	map_set(w->series, strbuf_str(&line), NULL);
	strbuf_addc(&line, ' ');
	add_value(&line, sample->value);
	strbuf_addc(&line, '\n');
	strbuf_addstr(&family->samples, strbuf_str(&line));
}

void prometheus_write(const struct prometheus_writer *w, struct strbuf *out)
{
	void *value;

	for (size_t pos = 0; map_next(w->families, &pos, NULL, &value);) {
		const struct family *family = value;

		strbuf_addstr(out, strbuf_str(&family->head));
		strbuf_addstr(out, strbuf_str(&family->samples));
	}
}

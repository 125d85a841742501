/*
 * Collects samples and writes them in the Prometheus text format 0.0.4: each family's samples
 * together, under one HELP and one TYPE, families in the order in which they first came.
 *
 * Names that Prometheus would not take are mended; of two samples with the same name and labels the
 * first one counts, as a second one would make a reader refuse everything.
 */
#ifndef BASE_PROMETHEUS_WRITER_H
#define BASE_PROMETHEUS_WRITER_H

#include <stddef.h>

#include "base/str.h"

struct strbuf;
struct prometheus_writer;

enum prometheus_type {
	PROMETHEUS_GAUGE,
	PROMETHEUS_COUNTER,
	PROMETHEUS_HISTOGRAM,
	PROMETHEUS_SUMMARY,
	PROMETHEUS_UNTYPED,
};

struct prometheus_label {
	const char *name;
	const char *value; /* NULL: the label is left out */
};

struct prometheus_sample {
	const char *family;
	const char
		*suffix;  /* "_bucket", "_sum", "_count" of histograms and summaries; NULL: none */
	const char *help; /* NULL: none */
	enum prometheus_type type;
	const struct prometheus_label *labels;
	size_t labels_count;
	double value; /* any, also infinite and NaN */
};

struct prometheus_writer *prometheus_writer_new(void); /* new; free with prometheus_writer_free() */
void prometheus_writer_free(struct prometheus_writer *);
void prometheus_writer_freep(struct prometheus_writer **);

/* Everything is copied.  A family's help and type are those of its first sample. */
void prometheus_add(struct prometheus_writer *, const struct prometheus_sample *);
void prometheus_write(const struct prometheus_writer *, struct strbuf *out);

/* Append `name` as a metric name: letters, digits, "_" and ":"; anything else becomes "_". */
void prometheus_add_name(struct strbuf *, struct str name);

#endif

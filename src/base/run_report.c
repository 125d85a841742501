/*
 * Collecting and writing the run report.  See run_report.h.
 */
#include "base/run_report.h"

#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/json_writer.h"
#include "base/strbuf.h"
#include "base/time.h"
#include "base/utf8.h"

struct list {
	char *texts[REPORT_LIST_MAX];
	int64_t count; /* those that were not kept too */
};

struct run_report {
	char *name;
	int64_t started_wall_ms;
	int64_t started_mono_ms;
	struct list lists[REPORT_LISTS];
};

static const char *const list_names[REPORT_LISTS] = {
	[REPORT_ACTIONS] = "actions",
	[REPORT_WARNINGS] = "warnings",
	[REPORT_ERRORS] = "errors",
};

struct run_report *run_report_new(const char *name)
{
	struct run_report *report = xcalloc(1, sizeof(*report));

	report->name = xstrdup(name);
	report->started_wall_ms = time_wall_ms();
	report->started_mono_ms = time_mono_ms();
	return report;
}

static int64_t kept(const struct list *list)
{
	return list->count < REPORT_LIST_MAX ? list->count : REPORT_LIST_MAX;
}

void run_report_free(struct run_report *report)
{
	if (!report) {
		return;
	}
	for (int i = 0; i < REPORT_LISTS; i++) {
		for (int64_t j = 0; j < kept(&report->lists[i]); j++) {
			free(report->lists[i].texts[j]);
		}
	}
	free(report->name);
	free(report);
}

void run_report_freep(struct run_report **report)
{
	run_report_free(*report);
}

void run_report_add(struct run_report *report, enum run_report_list which, struct str text)
{
	assert(which < REPORT_LISTS);

	struct list *list = &report->lists[which];

	if (list->count < REPORT_LIST_MAX) {
		struct strbuf safe = STRBUF_INIT;

		utf8_add_escaped(&safe, text, REPORT_TEXT_MAX);
		list->texts[list->count] = strbuf_detach(&safe);
	}
	list->count++;
}

static void add_counts(const struct run_report *report, struct json_writer *w)
{
	json_write_key(w, "counts");
	json_write_object_begin(w);
	for (int i = 0; i < REPORT_LISTS; i++) {
		json_field_int(w, list_names[i], report->lists[i].count);
	}
	json_write_object_end(w);
}

static void add_list(const struct list *list, const char *name, struct json_writer *w)
{
	json_write_key(w, name);
	json_write_array_begin(w);
	for (int64_t i = 0; i < kept(list); i++) {
		json_write_string(w, list->texts[i]);
	}
	json_write_array_end(w);
}

static void add_omitted(const struct run_report *report, struct json_writer *w)
{
	json_write_key(w, "omitted");
	json_write_object_begin(w);
	for (int i = 0; i < REPORT_LISTS; i++) {
		const struct list *list = &report->lists[i];

		json_field_int(w, list_names[i], list->count - kept(list));
	}
	json_write_object_end(w);
}

void run_report_add_json(const struct run_report *report, int exit_code, struct strbuf *out)
{
	struct json_writer w;
	int64_t duration_ms = time_mono_ms() - report->started_mono_ms;

	json_writer_init(&w, out, true);
	json_write_object_begin(&w);
	json_field_int(&w, "schema", 1);
	json_field_string(&w, "name", report->name);
	json_field_time(&w, "started", report->started_wall_ms);
	json_field_double(&w, "duration_seconds", (double)duration_ms / 1000);
	json_field_bool(&w, "success", exit_code == 0);
	json_field_int(&w, "exit_code", exit_code);
	add_counts(report, &w);
	for (int i = 0; i < REPORT_LISTS; i++) {
		add_list(&report->lists[i], list_names[i], &w);
	}
	add_omitted(report, &w);
	json_write_object_end(&w);
	strbuf_addc(out, '\n');
}

int run_report_write(
	const struct run_report *report, int exit_code, const char *path, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf json = STRBUF_INIT;

	run_report_add_json(report, exit_code, &json);
	if (file_write(path, strbuf_str(&json), 0644, err) < 0) {
		return err_wrap(err, "run report");
	}
	return 0;
}

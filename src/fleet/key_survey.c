/*
 * Workers that ask one host after the other for its keys.  See key_survey.h.
 */
#include "fleet/key_survey.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/map.h"
#include "net/ssh_host_words.h"
#include "net/ssh_keyscan.h"

struct worker {
	struct key_survey *survey;
	struct ssh_keyscan *scan;
	struct surveyed_host *host; /* that it asks; NULL: nobody */
};

struct key_survey {
	struct loop *loop;
	struct ssh_connector *connector;
	struct key_survey_spec spec;
	loop_fn *finished;
	void *arg;
	struct arena *arena;
	struct map *tables; /* the paths of files, joined -> struct ssh_hosts, read */
	struct surveyed_host *hosts;
	struct worker *workers;
	size_t workers_count;
	size_t next; /* to be asked */
	size_t ended;
	struct deferred *telling;
};

static void tell(void *arg)
{
	struct key_survey *survey = arg;

	survey->telling = NULL;
	survey->finished(survey->arg);
}

static void end_host(struct key_survey *survey, struct surveyed_host *host)
{
	host->has_ended = true;
	survey->ended++;
	if (survey->ended == survey->spec.hosts_count) {
		survey->telling = loop_defer(survey->loop, tell, survey);
	}
}

/* --- what is known -------------------------------------------------------------------------- */

static int read_files(struct ssh_hosts *table, const char *const *paths, struct err *err)
{
	for (; *paths; paths++) {
		if (ssh_hosts_read(table, *paths, err) < 0) {
			return -1;
		}
	}
	return 0;
}

/* The files of the host and no others.  NULL: one cannot be read. */
static struct ssh_hosts *table_of(
	struct key_survey *survey, const char *const *paths, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf key = STRBUF_INIT;
	struct ssh_hosts *table;

	for (const char *const *path = paths; *path; path++) {
		strbuf_addf(&key, "%s\n", *path);
	}
	table = map_get(survey->tables, strbuf_str(&key));
	if (!table) {
		table = ssh_hosts_new();
		if (read_files(table, paths, err) < 0) {
			ssh_hosts_free(&table);
			return NULL;
		}
		(void)map_set(survey->tables, strbuf_str(&key), table);
	}
	return table;
}

static const char *copy(struct key_survey *survey, const char *text)
{
	return text ? arena_strdup(survey->arena, text) : NULL;
}

static const char *const *copy_list(struct key_survey *survey, const char *const *list)
{
	size_t count = 0;
	const char **items;

	while (list[count]) {
		count++;
	}
	items = arena_calloc(survey->arena, count + 1, sizeof(*items));
	for (size_t i = 0; i < count; i++) {
		items[i] = copy(survey, list[i]);
	}
	return items;
}

static void take_settings(
	struct key_survey *survey, struct surveyed_host *host, const struct ssh_settings *settings)
{
	const struct ssh_hosts_name names = ssh_host_words_name(settings);
	struct strbuf known_as = STRBUF_INIT;

	ssh_hosts_add_name(&known_as, &names);
	host->known_as = copy(survey, known_as.buf);
	host->names = (struct ssh_hosts_name){copy(survey, names.host), names.port};
	host->paths = copy_list(survey, settings->known_hosts_files);
	host->record_path = copy(survey, settings->user_known_hosts_file);
	host->is_hashed = settings->hashes_known_hosts;
	strbuf_release(&known_as);
}

static void compare(struct key_expected *expected, struct surveyed_host *host)
{
	host->is_compared = true;
	for (size_t i = 0; i < host->review.keys_count; i++) {
		struct ssh_reviewed_key *key = &host->review.keys[i];

		key->is_expected = key_expected_has(expected, &host->names, key->blob);
		host->unexpected += key->state != SSH_KEY_KNOWN && !key->is_expected;
	}
}

static void review(
	struct key_survey *survey, struct surveyed_host *host, const struct ssh_keyscan_end *end)
{
	struct str *blobs = arena_calloc(survey->arena, end->blobs_count + 1, sizeof(*blobs));
	struct err err = {0};
	struct ssh_hosts *table = table_of(survey, host->paths, &err);

	if (!table) {
		host->problem = copy(survey, err.msg);
		return;
	}
	for (size_t i = 0; i < end->blobs_count; i++) {
		blobs[i] = str_n(arena_strndup(survey->arena, end->blobs[i].ptr, end->blobs[i].len),
			end->blobs[i].len);
	}
	ssh_key_review(table, &host->names, blobs, end->blobs_count, survey->arena, &host->review);
	if (survey->spec.expected) {
		compare(survey->spec.expected, host);
	}
}

/* --- asking --------------------------------------------------------------------------------- */

static void work(struct worker *worker);

static void on_scanned(void *arg, const struct ssh_keyscan_end *end)
{
	struct worker *worker = arg;
	struct key_survey *survey = worker->survey;
	struct surveyed_host *host = worker->host;

	if (end->problem) {
		host->problem = copy(survey, end->problem->text);
	}
	if (end->settings) {
		take_settings(survey, host, end->settings);
	}
	if (end->settings && end->blobs_count > 0) {
		review(survey, host, end);
	}
	ssh_keyscan_free(&worker->scan);
	worker->host = NULL;
	end_host(survey, host);
	work(worker);
}

static void work(struct worker *worker)
{
	struct key_survey *survey = worker->survey;
	const struct fleet_host *host;

	if (survey->next >= survey->spec.hosts_count) {
		return;
	}
	host = &survey->spec.hosts[survey->next];
	worker->host = &survey->hosts[survey->next++];
	worker->scan = ssh_keyscan_start(survey->connector,
		&(struct ssh_login_spec){.name = host->host ? host->host : host->name,
			.address = host->address,
			.username = host->username,
			.port = host->port,
			.connect_timeout_ms = survey->spec.connect_timeout_ms},
		on_scanned, worker);
}

struct key_survey *key_survey_start(struct loop *loop, struct ssh_connector *connector,
	const struct key_survey_spec *spec, loop_fn *finished, void *arg)
{
	struct key_survey *survey = xcalloc(1, sizeof(*survey));
	size_t workers = spec->workers > 0 ? (size_t)spec->workers : HOST_QUEUE_WORKERS;

	*survey = (struct key_survey){
		.loop = loop,
		.connector = connector,
		.spec = *spec,
		.finished = finished,
		.arg = arg,
		.arena = arena_new(),
		.tables = map_new(MAP_KEYS_COPIED),
		.hosts = xcalloc(spec->hosts_count + 1, sizeof(*survey->hosts)),
		.workers_count = workers < spec->hosts_count ? workers : spec->hosts_count,
	};
	survey->workers = xcalloc(survey->workers_count + 1, sizeof(*survey->workers));
	for (size_t i = 0; i < spec->hosts_count; i++) {
		survey->hosts[i].name = spec->hosts[i].name;
	}
	for (size_t i = 0; i < survey->workers_count; i++) {
		survey->workers[i].survey = survey;
		work(&survey->workers[i]);
	}
	if (spec->hosts_count == 0) {
		survey->telling = loop_defer(loop, tell, survey);
	}
	return survey;
}

void key_survey_stop(struct key_survey *survey, const char *problem)
{
	for (size_t i = 0; i < survey->workers_count; i++) {
		ssh_keyscan_free(&survey->workers[i].scan);
	}
	for (size_t i = 0; i < survey->spec.hosts_count; i++) {
		struct surveyed_host *host = &survey->hosts[i];

		if (!host->has_ended) {
			host->problem = problem;
			end_host(survey, host);
		}
	}
	survey->next = survey->spec.hosts_count;
}

void key_survey_free(struct key_survey **survey_ptr)
{
	struct key_survey *survey = TAKE(*survey_ptr);
	void *value;

	if (!survey) {
		return;
	}
	for (size_t i = 0; i < survey->workers_count; i++) {
		ssh_keyscan_free(&survey->workers[i].scan);
	}
	for (size_t pos = 0; map_next(survey->tables, &pos, NULL, &value);) {
		struct ssh_hosts *table = value;

		ssh_hosts_free(&table);
	}
	map_free(survey->tables);
	deferred_free(&survey->telling);
	arena_free(survey->arena);
	free(survey->workers);
	free(survey->hosts);
	free(survey);
}

const struct surveyed_host *key_survey_hosts(const struct key_survey *survey)
{
	return survey->hosts;
}

size_t key_survey_ended(const struct key_survey *survey)
{
	return survey->ended;
}

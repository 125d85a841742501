/*
 * The host keys of many hosts, beside what is known of them: so many hosts at a time, each asked
 * once, none waiting for another.
 */
#ifndef FLEET_KEY_SURVEY_H
#define FLEET_KEY_SURVEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fleet/host_queue.h"
#include "fleet/key_expected.h"
#include "loop/loop.h"
#include "net/ssh_key_review.h"
#include "net/ssh_login.h"

struct key_survey;

/* What came of one host; everything lives as long as the survey. */
struct surveyed_host {
	const char *name;            /* as selected */
	const char *known_as;        /* "[web-01]:2222"; NULL: settings were never known */
	struct ssh_hosts_name names; /* the same for ssh_hosts.h */
	const char *const *paths;    /* files of known hosts, the user's first; NULL-terminated */
	const char *record_path;     /* where new keys belong; NULL: nowhere */
	bool is_hashed;              /* they are hashed there */
	struct ssh_key_review review;
	size_t unexpected;   /* keys that are not known and not expected either */
	bool is_compared;    /* with those that are expected */
	const char *problem; /* why there may be more keys, or none were shown; NULL: all were */
	bool has_ended;
};

/* Borrowed until the survey is freed. */
struct key_survey_spec {
	const struct fleet_host *hosts;
	size_t hosts_count;
	int workers;                   /* 0: HOST_QUEUE_WORKERS */
	struct key_expected *expected; /* NULL: nobody said what they ought to be */
	int64_t connect_timeout_ms;    /* of each connection; 0: as configured, or 10 s */
};

/* `finished` is called once, never before this returns.  New; free with key_survey_free(). */
struct key_survey *key_survey_start(struct loop *, struct ssh_connector *,
	const struct key_survey_spec *, loop_fn *finished, void *arg);

/* Ask nobody any more; hosts that have not ended get `problem` (borrowed).  `finished` is called as
 * it would have been. */
void key_survey_stop(struct key_survey *, const char *problem);

void key_survey_free(struct key_survey **);

/* In the order of the hosts. */
const struct surveyed_host *key_survey_hosts(const struct key_survey *);
size_t key_survey_ended(const struct key_survey *); /* how many of them */

#endif

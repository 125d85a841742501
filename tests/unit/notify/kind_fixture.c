/*
 * See kind_fixture.h.
 */
#include "notify/kind_fixture.h"

#include "conf/conf.h"
#include "notify/receiver.h"

void sample_init(struct sample *sample, struct arena *arena, enum notification_purpose purpose)
{
	*sample = (struct sample){
		.arena = arena,
		.alert =
			{
				.id = 42,
				.fingerprint = "0123456789abcdef0123456789abcdef01234567",
				.episode_ms = SAMPLE_STARTED_MS,
				.title = "disk full",
				.source = "db-01",
				.message = "/var is at 97 %\nsince the upgrade",
				.severity = SEVERITY_CRITICAL,
				.runbook = "https://wiki.example.com/disk?a=1&b=2",
				.is_resolved = purpose == NOTIFICATION_RESOLVE,
				.time_ms = SAMPLE_NOW_MS - 1000,
				.started_ms = SAMPLE_STARTED_MS,
				.resolved_ms =
					purpose == NOTIFICATION_RESOLVE ? SAMPLE_NOW_MS - 1000 : 0,
				.acked_by = purpose == NOTIFICATION_ACKNOWLEDGE ? "alice" : NULL,
				.events = 3,
			},
	};
	pairs_set(&sample->alert.fields, arena, str_of("used"), str_of("97 %"));
	pairs_set(&sample->alert.labels, arena, str_of("team"), str_of("db"));
	for (size_t i = 0; i < ARRAY_LEN(sample->alerts); i++) {
		sample->alerts[i] = &sample->alert;
	}
	sample->notification = (struct notification){
		.key = "msg_0123456789",
		.purpose = purpose,
		.severity = SEVERITY_CRITICAL,
		.alerts = sample->alerts,
		.alerts_count = 1,
		.alerts_total = 1,
		.time_ms = SAMPLE_NOW_MS,
		.attempt = 1,
	};
}

static int receiver_read(struct arena *arena, const char *yaml, struct receiver **ret_receiver,
	const char **ret_fault)
{
	static const char name[] = "receiver.yaml";
	struct conf *conf = arena_alloc(arena, sizeof(*conf));
	struct err err = {0};
	void *item = NULL;

	conf_init(conf);
	arena_on_free(arena, (void (*)(void *))conf_release, conf);
	if (conf_read_item(conf, name, str_of(yaml), &receiver_variants, &item, &err) < 0 ||
		receiver_finish(item, conf->arena, &err) < 0) {
		*ret_fault = arena_strdup(arena, err.msg);
		return -1;
	}
	*ret_receiver = item;
	return 0;
}

struct receiver *receiver_of(struct arena *arena, const char *yaml)
{
	struct receiver *receiver = NULL;
	const char *fault;

	if (receiver_read(arena, yaml, &receiver, &fault) < 0) {
		fail_msg("%s", fault);
	}
	return receiver;
}

const char *receiver_fault(struct arena *arena, const char *yaml)
{
	struct receiver *receiver = NULL;
	const char *fault = "";

	if (receiver_read(arena, yaml, &receiver, &fault) == 0) {
		fail_msg("taken: %s", yaml);
	}
	return fault;
}

struct notify_message message_of(struct arena *arena, const struct receiver *receiver,
	const struct notification *notification)
{
	struct notify_message message = {0};
	struct err err = {0};

	if (receiver->kind->compose(receiver, notification, arena, &message, &err) < 0) {
		fail_msg("%s", err.msg);
	}
	return message;
}

const char *shown_of(struct arena *arena, const struct receiver *receiver,
	const struct notification *notification)
{
	struct notify_message message = message_of(arena, receiver, notification);
	struct strbuf text = STRBUF_INIT;
	const char *copy;

	notify_message_show(&message, &text);
	copy = arena_strndup(arena, text.buf, text.len);
	strbuf_release(&text);
	return copy;
}

struct sent {
	struct http_fixture *fixture;
	struct delivery_result result;
	bool is_done;
};

static void on_done(void *arg, struct notify_run *run)
{
	struct sent *sent = arg;

	assert_false(sent->is_done);
	sent->is_done = true;
	sent->result = run->result;
	sent->result.text = arena_strdup(sent->fixture->arena, run->result.text);
	sent->result.body = arena_strdup(sent->fixture->arena, run->result.body);
	notify_run_free(&run);
}

struct delivery_result send_of(struct http_fixture *fixture, const struct receiver *receiver,
	const struct notification *notification)
{
	const struct notify_env env = {
		.loop = fixture->loop,
		.resolver = fixture->resolver,
		.http = fixture->client,
	};
	struct sent sent = {.fixture = fixture};

	(void)notify_start(&env, receiver, notification, on_done, &sent);
	assert_false(sent.is_done);
	http_fixture_loop(fixture);
	assert_true(sent.is_done);
	return sent.result;
}

const char *repeated(struct arena *arena, const char *piece, size_t bytes)
{
	struct strbuf text = STRBUF_INIT;
	const char *copy;

	while (text.len < bytes) {
		strbuf_adds(&text, piece);
	}
	copy = arena_strndup(arena, text.buf, text.len);
	strbuf_release(&text);
	return copy;
}

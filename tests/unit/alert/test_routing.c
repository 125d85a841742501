/*
 * Routes: in their order, by matchers and times.
 */
#include "alert/routing.h"
#include "base/alloc.h"
#include "base/strbuf.h"
#include "cmocka_all.h"
#include "support/alert_fixture.h"

#define RECEIVERS                                                                                  \
	"receivers: [{name: chat, log: auto}, {name: chat2, log: auto}, "                          \
	"{name: page, log: auto}, {name: plain, log: auto}], "

/* What is routed, as "chat by routes[0]; page by fallback". */
static const char *routed(struct engine *e, struct matcher_subject *subject, const char *clock)
{
	struct strbuf text = STRBUF_INIT;
	struct routing routing;
	const char *copy;

	engine_at(e, clock);
	routing_decide(&e->settings, subject, e->now_ms, e->arena, &routing);
	for (size_t i = 0; i < routing.items_count; i++) {
		strbuf_addf(&text, "%s%s by %s", i > 0 ? "; " : "", routing.items[i].receiver->name,
			routing.items[i].name);
	}
	if (routing.mute) {
		strbuf_addf(&text, "mute by %s", routing.mute->name);
	}
	assert_int_equal(routing.is_unrouted,
		strstr(text.buf, "none") != NULL || strstr(text.buf, "fallback") != NULL);
	assert_int_equal(routing.has_fallback, strstr(text.buf, "fallback") != NULL);
	copy = str_dup(strbuf_str(&text), e->arena);
	strbuf_release(&text);
	return copy;
}

struct routing_case {
	const char *routes;
	enum severity severity;
	const char *source;
	const char *team;  /* NULL: no label */
	const char *clock; /* 2025-07-01 is a Tuesday */
	const char *expected;
};

static void check(const struct routing_case *c)
{
	char yaml[1024];
	struct engine e;
	struct pairs labels = {0};
	struct matcher_subject subject = {
		.severity = c->severity, .source = c->source, .title = "slow", .labels = &labels};

	(void)snprintf(yaml, sizeof(yaml), RECEIVERS "%s", c->routes);
	engine_open(&e, yaml);
	if (c->team) {
		pairs_set(&labels, e.arena, str_of("team"), str_of(c->team));
	}
	assert_string_equal(routed(&e, &subject, c->clock), c->expected);
	engine_close(&e);
}

static void routes(void **state)
{
	static const char first[] = "routes: [{match: [severity=critical, 'team=~web|db'], "
				    "receivers: [chat, page]}, {match: 'source=~db-.*', "
				    "receivers: chat2, continue: true, name: databases}, "
				    "{match: 'severity!=info', receivers: [chat, chat2]}]";
	static const char hours[] = "routes: [{times: ['mon-fri 09:00-17:00'], receivers: chat}, "
				    "{times: 'sat,sun', time_zone: Asia/Tokyo, receivers: chat2}, "
				    "{receivers: page}], fallback: plain";
	static const struct routing_case cases[] = {
		{first, SEVERITY_CRITICAL, "db-01", "db", "12:00:00",
			"chat by routes[0]; page by routes[0]"},
		{first, SEVERITY_CRITICAL, "db-01", "webs", "12:00:00",
			"chat2 by databases; chat by routes[2]"},
		{first, SEVERITY_CRITICAL, "db-01", NULL, "12:00:00",
			"chat2 by databases; chat by routes[2]"},
		{first, SEVERITY_WARNING, "web-01", "web", "12:00:00",
			"chat by routes[2]; chat2 by routes[2]"},
		{first, SEVERITY_INFO, "db-01", NULL, "12:00:00", "chat2 by databases"},
		{first, SEVERITY_INFO, "web-01", NULL, "12:00:00", "log by none"},
		{hours, SEVERITY_INFO, "a", NULL, "08:59:59", "page by routes[2]"},
		{hours, SEVERITY_INFO, "a", NULL, "09:00:00", "chat by routes[0]"},
		{hours, SEVERITY_INFO, "a", NULL, "17:00:00", "page by routes[2]"},
		{hours, SEVERITY_INFO, "a", NULL, "+4d 12:00:00", "chat2 by routes[1]"},
		/* Friday afternoon is Saturday in Tokyo. */
		{hours, SEVERITY_INFO, "a", NULL, "+3d 17:00:00", "chat2 by routes[1]"},
		{"routes: [{match: team=x, receivers: chat}], fallback: plain", SEVERITY_INFO, "a",
			NULL, "12:00:00", "plain by fallback"},
		{"routes: [{match: team=x, receivers: []}, {receivers: chat}]", SEVERITY_INFO, "a",
			"x", "12:00:00", "mute by routes[0]"},
		{"routes: [{receivers: [], continue: true}, {match: team=x, receivers: chat}]",
			SEVERITY_INFO, "a", "x", "12:00:00", "chat by routes[1]"},
		{"routes: [{receivers: [], continue: true}, {match: team=x, receivers: chat}], "
		 "fallback: plain",
			SEVERITY_INFO, "a", "y", "12:00:00", "mute by routes[0]"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		check(&cases[i]);
	}
}

static void what_a_route_says(void **state)
{
	struct engine e;
	const struct route *a;
	const struct route *b;
	const struct receiver *chat;

	(void)state;
	engine_open(&e, RECEIVERS
		"suppression_minutes: 20, routes: [{name: a, receivers: chat, suppression: 0s, "
		"match: team=a}, {name: b, receivers: chat, group_by: [source, team], "
		"match: team=b}, {receivers: chat, group_wait: 1s}]");
	a = route_by_name(&e.settings, "a");
	b = route_by_name(&e.settings, "b");
	chat = alert_receiver(&e.settings, "chat");
	assert_null(route_by_name(&e.settings, "c"));
	assert_int_equal(route_suppression_ms(&e.settings, a), 0);
	assert_int_equal(route_suppression_ms(&e.settings, b), 20 * 60 * 1000);
	assert_int_equal(route_suppression_ms(&e.settings, NULL), 20 * 60 * 1000);
	assert_false(route_groups(NULL, chat));
	assert_false(route_groups(a, chat));
	assert_true(route_groups(b, chat));
	assert_int_equal(b->group_wait_ms, 30 * 1000);
	assert_true(route_groups(route_by_name(&e.settings, "routes[2]"), chat));
	assert_false(route_groups(b, alert_receiver(&e.settings, "page")));
	assert_false(route_groups(b, alert_receiver(&e.settings, "plain")));
	engine_close(&e);
}

static void group_keys(void **state)
{
	struct engine e;
	struct pairs labels = {0};
	const struct matcher_subject subject = {.severity = SEVERITY_WARNING,
		.source = "db-01",
		.title = "slow",
		.labels = &labels};
	char longest[500];

	(void)state;
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	engine_open(&e, RECEIVERS "routes: [{receivers: chat, match: team=x, group_by: [source, "
				  "team]}, {receivers: chat, group_wait: 1s}]");
	assert_string_equal(route_group_key(e.settings.routes.items[0], &subject, e.arena),
		"routes[0]\nsource=db-01, team=");
	assert_string_equal(
		route_group_key(e.settings.routes.items[1], &subject, e.arena), "routes[1]\n");
	pairs_set(&labels, e.arena, str_of("team"), str_of(longest));
	assert_int_equal(strlen(route_group_key(e.settings.routes.items[0], &subject, e.arena)),
		strlen("routes[0]\nsource=db-01, team=") + 200);
	engine_close(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(routes),
		cmocka_unit_test(what_a_route_says),
		cmocka_unit_test(group_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

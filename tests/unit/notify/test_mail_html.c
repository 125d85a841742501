/*
 * Notifications as HTML: what is in them, and that nothing in them is HTML of somebody else's.
 */
#include "base/utf8.h"
#include "notify/kind_fixture.h"
#include "notify/mail_html.h"

static const char *html_of(struct arena *arena, const struct notification *notification)
{
	const struct receiver *receiver =
		receiver_of(arena, "{email: a@example.com, from: b@example.com}");
	struct strbuf html = STRBUF_INIT;
	const char *copy;

	mail_html_add(receiver, notification, arena, &html);
	copy = arena_strndup(arena, html.buf, html.len);
	strbuf_release(&html);
	return copy;
}

/* Elements begin and end in their order, as far as it matters to readers. */
static void assert_well_formed(const char *html)
{
	static const char *const void_elements[] = {"meta", "br", "!DOCTYPE"};
	struct str open[32];
	size_t depth = 0;
	const char *hit = html;

	while ((hit = strchr(hit, '<')) != NULL) {
		bool is_end = hit[1] == '/';
		const char *name = hit + 1 + is_end;
		size_t len = strcspn(name, " >");
		bool is_void = false;

		assert_non_null(strchr(hit, '>'));
		for (size_t i = 0; i < ARRAY_LEN(void_elements); i++) {
			is_void = is_void || str_is(str_n(name, len), void_elements[i]);
		}
		if (is_end) {
			assert_true(depth > 0);
			depth--;
			if (!str_eq(open[depth], str_n(name, len))) {
				fail_msg("</%.*s> ends <%.*s>", (int)len, name,
					STR_ARG(open[depth]));
			}
		} else if (!is_void) {
			assert_true(depth < ARRAY_LEN(open));
			open[depth++] = str_n(name, len);
		}
		hit = name + len;
	}
	assert_int_equal(depth, 0);
}

static void test_alert(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct sample sample;
	const char *html;

	(void)state;
	sample_init(&sample, arena, NOTIFICATION_TRIGGER);
	sample.alert.hidden = 212;
	sample.alert.hidden_since_ms = SAMPLE_STARTED_MS;
	html = html_of(arena, &sample.notification);
	assert_well_formed(html);
	assert_has(html, "<!DOCTYPE html>\n<html lang=\"en\">");
	assert_has(html, "<meta name=\"viewport\" content=\"width=device-width");
	assert_has(html, "<meta name=\"color-scheme\" content=\"light dark\">");
	assert_has(html, ">CRITICAL</span>");
	assert_has(html, ">disk full (db-01)</h1>");
	assert_lacks(html, "[CRITICAL]");
	assert_has(html, ">/var is at 97 %<br>since the upgrade<br>+212 since 03:10 UTC</p>");
	assert_has(html, ">used</th>");
	assert_has(html, ">97 %</td>");
	assert_has(html, ">team</th>");
	assert_has(html, ">since</th>");
	assert_has(html, "<a href=\"https://wiki.example.com/disk?a=1&amp;b=2\">Runbook</a>");
	assert_has(html, "sre-toolkit alert why 42");
	/* Nothing is fetched, nothing runs. */
	assert_lacks(html, "<img");
	assert_lacks(html, "<script");
	assert_lacks(html, "url(");
}

static void test_purposes(void **state)
{
	static const struct {
		enum notification_purpose purpose;
		const char *badge, *text;
	} cases[] = {
		{NOTIFICATION_TRIGGER, "#c62828", ">CRITICAL</span>"},
		{NOTIFICATION_RESOLVE, "#2e7d32", ">RESOLVED</span>"},
		{NOTIFICATION_ACKNOWLEDGE, "#1565c0", "acknowledged by alice"},
		{NOTIFICATION_REMINDER, "#c62828", "still firing after 15 min"},
		{NOTIFICATION_RESEND, "#c62828", ">CRITICAL</span>"},
		{NOTIFICATION_TEST, "#546e7a", ">TEST</span>"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		struct sample sample;
		const char *html;

		sample_init(&sample, arena, cases[i].purpose);
		html = html_of(arena, &sample.notification);
		assert_well_formed(html);
		assert_has(html, cases[i].badge);
		assert_has(html, cases[i].text);
	}
}

static void test_severities(void **state)
{
	static const struct {
		enum severity severity;
		const char *badge;
	} cases[] = {
		{SEVERITY_INFO, "#1565c0"},
		{SEVERITY_WARNING, "#a85a00"},
		{SEVERITY_CRITICAL, "#c62828"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		struct sample sample;

		sample_init(&sample, arena, NOTIFICATION_TRIGGER);
		sample.notification.severity = cases[i].severity;
		sample.alert.severity = cases[i].severity;
		assert_has(html_of(arena, &sample.notification), cases[i].badge);
	}
}

#define EVIL "<script>&\"'</td></table><!--"
#define TAMED "&lt;script&gt;&amp;&quot;&#39;&lt;/td&gt;&lt;/table&gt;&lt;!--"

static void test_hostile(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct sample sample;
	const char *html;

	(void)state;
	sample_init(&sample, arena, NOTIFICATION_TRIGGER);
	sample.alert.title = "t" EVIL;
	sample.alert.source = "s" EVIL;
	sample.alert.message = "m" EVIL;
	sample.alert.acked_by = "a" EVIL;
	sample.alert.runbook = "https://x/\"onclick=\"evil()<b>";
	pairs_set(&sample.alert.fields, arena, str_of("n" EVIL), str_of("v" EVIL));
	html = html_of(arena, &sample.notification);
	assert_well_formed(html);
	assert_lacks(html, "<script");
	assert_lacks(html, "<!--");
	assert_lacks(html, "\"onclick");
	assert_has(html, ">t" TAMED " (s" TAMED ")</h1>");
	assert_has(html, ">m" TAMED "<br>acknowledged by a" TAMED "</p>");
	assert_has(html, ">n" TAMED "</th>");
	assert_has(html, ">v" TAMED "</td>");
	assert_has(html, "href=\"https://x/&quot;onclick=&quot;evil()&lt;b&gt;\"");
}

/* Only the web's addresses are links. */
static void test_runbooks(void **state)
{
	static const struct {
		const char *runbook;
		bool is_link;
	} cases[] = {
		{"http://x", true},
		{"https://x", true},
		{"javascript:alert(1)", false},
		{"data:text/html,x", false},
		{"/x", false},
		{"", false},
		{NULL, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		struct sample sample;
		const char *html;

		sample_init(&sample, arena, NOTIFICATION_TRIGGER);
		sample.alert.runbook = cases[i].runbook;
		html = html_of(arena, &sample.notification);
		assert_int_equal(strstr(html, "<a ") != NULL, cases[i].is_link);
	}
}

static void test_large(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct strbuf text = STRBUF_INIT;
	struct sample sample;
	const char *html;

	(void)state;
	for (int i = 0; i < 70000; i++) {
		strbuf_adds(&text, "\xc3\xa4");
	}
	sample_init(&sample, arena, NOTIFICATION_TRIGGER);
	sample.alert.message = text.buf;
	sample.alert.title = text.buf;
	for (int i = 0; i < 100; i++) {
		pairs_set(&sample.alert.fields, arena, str_of(arena_printf(arena, "f%d", i)),
			str_of(text.buf));
	}
	html = html_of(arena, &sample.notification);
	assert_well_formed(html);
	assert_true(utf8_is_valid(str_of(html)));
	assert_has(html, "\xe2\x80\xa6</h1>");
	assert_has(html, "\xe2\x80\xa6</p>");
	assert_has(html, "\xe2\x80\xa6</td>");
	assert_has(html, "more</td></tr>\n</table>"); /* and 75 more */
	assert_true(strlen(html) < 90000);            /* some readers cut at 100 KB */
	strbuf_release(&text);
}

static void test_group(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct alert over;
	struct sample sample;
	const char *html;

	(void)state;
	sample_init(&sample, arena, NOTIFICATION_TRIGGER);
	over = sample.alert;
	over.title = "load " EVIL;
	over.severity = SEVERITY_WARNING;
	over.is_resolved = true;
	sample.alert.hidden = 3;
	sample.alert.hidden_since_ms = SAMPLE_STARTED_MS;
	sample.alerts[1] = &over;
	sample.notification.alerts_count = 2;
	sample.notification.alerts_total = 14;
	sample.notification.group = "source=db-01";
	sample.notification.may_be_repeat = true;
	html = html_of(arena, &sample.notification);
	assert_well_formed(html);
	assert_has(html, "source=db-01</h1>");
	assert_has(html, "<b>disk full</b> (db-01)<br>since 03:10 UTC, +3 since 03:10 UTC</td>");
	assert_has(html, ">RESOLVED</span>");
	assert_has(html, "<b>load " TAMED "</b>");
	assert_has(html, ">and 12 more</td>");
	assert_has(html, "sent again: it may have arrived before");
	assert_lacks(html, "Runbook");
	assert_lacks(html, "alert why");
}

static void test_summary_and_notice(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct notify_summary summary = {
		.count = 212,
		.firing = {[SEVERITY_CRITICAL] = 200, [SEVERITY_WARNING] = 2},
		.resolved = 10,
		.from_ms = SAMPLE_STARTED_MS,
		.to_ms = SAMPLE_NOW_MS,
		.sources = {{"db-01" EVIL, 150}},
		.sources_count = 1,
		.sources_total = 9,
	};
	struct notification notification = {
		.key = "k",
		.purpose = NOTIFICATION_SUMMARY,
		.severity = SEVERITY_CRITICAL,
		.summary = &summary,
		.time_ms = SAMPLE_NOW_MS,
	};
	const char *html;

	(void)state;
	html = html_of(arena, &notification);
	assert_well_formed(html);
	assert_has(html, ">STORM</span>");
	assert_has(html, "212 alerts in 15 min</h1>");
	assert_has(html, "200 critical, 2 warning, 10 resolved");
	assert_has(html, "db-01" TAMED " (150) and 8 other sources");

	notification = (struct notification){
		.key = "k",
		.purpose = NOTIFICATION_NOTICE,
		.severity = SEVERITY_WARNING,
		.title = "receiver 'x' is dead",
		.text = "It answers 404.\n" EVIL,
		.time_ms = SAMPLE_NOW_MS,
	};
	html = html_of(arena, &notification);
	assert_well_formed(html);
	assert_has(html, ">NOTICE</span>");
	assert_has(html, ">receiver &#39;x&#39; is dead</h1>");
	assert_has(html, ">It answers 404.<br>" TAMED "</p>");
}

static void test_digest(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct sample sample;
	struct notify_digest digest = {
		.from_ms = SAMPLE_NOW_MS - INT64_C(24) * 3600 * 1000,
		.to_ms = SAMPLE_NOW_MS,
		.suppressed = 212,
		.silenced = 3,
	};
	struct notify_count failed[] = {{"slack " EVIL, 7}};
	struct pair dead[] = {{"pager", "key revoked " EVIL}};
	const char *silences[] = {"source=db-01 until 12:00 " EVIL};
	const char *html;

	(void)state;
	sample_init(&sample, arena, NOTIFICATION_DIGEST);
	digest.open =
		(struct notify_digest_list){.total = 5, .alerts = &sample.alert, .alerts_count = 1};
	digest.fired = (struct notify_digest_list){.total = 0};
	digest.resolved = (struct notify_digest_list){.total = 9};
	digest.failed = failed;
	digest.failed_count = ARRAY_LEN(failed);
	digest.dead = dead;
	digest.dead_count = ARRAY_LEN(dead);
	digest.silences = silences;
	digest.silences_count = ARRAY_LEN(silences);
	sample.notification.alerts_count = 0;
	sample.notification.digest = &digest;
	html = html_of(arena, &sample.notification);
	assert_well_formed(html);
	assert_has(html, ">DIGEST</span>");
	assert_has(html, ">Open now: 5</h2>");
	assert_has(html, "<b>disk full</b> (db-01)<br>since 03:10 UTC</td>");
	assert_has(html, ">and 4 more</td>");
	assert_has(html, ">Fired: 0</h2>");
	assert_has(html, ">Resolved: 9</h2>");
	assert_has(html, ">Not sent: 215</h2>");
	assert_has(html, ">suppressed</th>");
	assert_has(html, ">212</td>");
	assert_has(html, ">slack " TAMED "</th>");
	assert_has(html, ">key revoked " TAMED "</td>");
	assert_has(html, "source=db-01 until 12:00 " TAMED);
	/* What is broken comes first. */
	assert_true(strstr(html, "Dead receivers: 1") < strstr(html, "Open now"));

	digest = (struct notify_digest){.from_ms = digest.from_ms, .to_ms = digest.to_ms};
	html = html_of(arena, &sample.notification);
	assert_well_formed(html);
	assert_has(html, ">Open now: 0</h2>");
	assert_lacks(html, "Not sent");
	assert_lacks(html, "Dead");
	assert_lacks(html, "<table");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alert),
		cmocka_unit_test(test_purposes),
		cmocka_unit_test(test_severities),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_runbooks),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_group),
		cmocka_unit_test(test_summary_and_notice),
		cmocka_unit_test(test_digest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

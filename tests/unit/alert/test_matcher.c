/*
 * Matchers: what they take, what contradicts what, what covers what.
 */
#include "alert/matcher.h"
#include "base/alloc.h"
#include "cmocka_all.h"

static struct option_list parse_all(const char *texts, struct arena *arena)
{
	struct option_list list = {.items = arena_calloc(arena, 8, sizeof(struct matcher *))};
	struct str rest = str_of(texts);
	struct str text;
	struct err err = {0};

	while (*texts && str_split(&rest, ';', &text)) {
		assert_int_equal(matcher_parse(text, arena,
					 &OPTION_AT(&list, struct matcher *, list.count), &err),
			0);
		list.count++;
	}
	return list;
}

static void matches(void **state)
{
	static const struct {
		const char *matchers;
		bool expected;
	} cases[] = {
		{"", true},
		{"severity=warning", true},
		{"severity!=warning", false},
		{"severity=~warning|critical", true},
		{"source = db-01", true},
		{"source=~db", false},
		{"source=~db-.*", true},
		{"source!~db-.*", false},
		{"source!~db", true},
		{"title=disk full", true},
		{"title=\"disk full\"", true},
		{"title=~(?i)DISK .*", true},
		{"team=db", true},
		{"team=db;severity=warning;source=~.*-01", true},
		{"team=db;severity=info", false},
		{"missing=", true},
		{"missing=\"\"", true},
		{"missing!=", false},
		{"missing=~.*", true},
		{"missing=~.+", false},
		{"odd=a\"b", true},
		{"odd=\"a\\\"b\"", true},
		{"path=\"\\\\n\"", true},
		{"label=warning", false},
		{"expr=a=b!=c", true},
	};
	struct arena *arena = arena_new();
	struct pairs labels = {0};
	const struct matcher_subject subject = {.severity = SEVERITY_WARNING,
		.source = "db-01",
		.title = "disk full",
		.labels = &labels};

	(void)state;
	pairs_set(&labels, arena, str_of("team"), str_of("db"));
	pairs_set(&labels, arena, str_of("severity"), str_of("the alert's own counts"));
	pairs_set(&labels, arena, str_of("odd"), str_of("a\"b"));
	pairs_set(&labels, arena, str_of("path"), str_of("\\n"));
	pairs_set(&labels, arena, str_of("expr"), str_of("a=b!=c"));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct option_list list = parse_all(cases[i].matchers, arena);

		assert_int_equal(matchers_match(&list, &subject), cases[i].expected);
	}
	arena_free(arena);
}

static void refuses(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{" ", "an empty matcher; write label=value, label!=value, label=~regex or "
		      "label!~regex"},
		{"critical", "matcher 'critical': it compares nothing: write label=value, "
			     "label!=value, label=~regex or label!~regex"},
		{"!critical", "matcher '!critical': it compares nothing: write label=value, "
			      "label!=value, label=~regex or label!~regex"},
		{"=web", "matcher '=web': there is no label in front of the comparison"},
		{"team==web", "matcher 'team==web': '==' is no comparison, write '='"},
		{"severity=crit", "matcher 'severity=crit': severity 'crit' is none of info, "
				  "warning, critical"},
		{"severity!=",
			"matcher 'severity!=': severity '' is none of info, warning, critical"},
		{"sevrity=critical", "matcher 'sevrity=critical': there is no 'sevrity', did you "
				     "mean 'severity'?"},
		{"soruce=db-01",
			"matcher 'soruce=db-01': there is no 'soruce', did you mean 'source'?"},
		{"Severity=info", "matcher 'Severity=info': write 'severity' in small letters"},
		{"team=\"web",
			"matcher 'team=\"web': the value \"web must end with its closing quote"},
		{"team=\"web\"x", "matcher 'team=\"web\"x': the value \"web\"x must end with its "
				  "closing quote"},
		{"team=~(web", "matcher 'team=~(web': regular expression '(web': missing closing "
			       "parenthesis at column 5"},
		{"team=\xff", "matcher 'team=\\xff': it is no UTF-8 text"},
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct matcher *matcher = NULL;
		struct err err = {0};

		assert_int_equal(matcher_parse(str_of(cases[i].text), arena, &matcher, &err), -1);
		assert_string_equal(err.msg, cases[i].error);
		assert_null(matcher);
	}
	arena_free(arena);
}

static void finds_contradictions(void **state)
{
	static const struct {
		const char *matchers, *one, *other; /* NULL: there is none */
	} cases[] = {
		{"", NULL, NULL},
		{"team=a;team=a", NULL, NULL},
		{"team=a;team=b", "team=a", "team=b"},
		{"team=a;x=b;team!=a", "team=a", "team!=a"},
		{"team!=a;team=a", "team!=a", "team=a"},
		{"team!=a;team!=b", NULL, NULL},
		{"team=~a|b;team=c", "team=~a|b", "team=c"},
		{"team=~a|b;team=b", NULL, NULL},
		{"team=~a;team=~b", NULL, NULL},
		{"severity=info;severity=critical", "severity=info", "severity=critical"},
		{"severity!=info;severity!=warning", NULL, NULL},
		{"severity!=info;severity!=warning;severity!=critical", "severity!=critical",
			"severity!=critical"},
		{"severity=~inf", "severity=~inf", "severity=~inf"},
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct option_list list = parse_all(cases[i].matchers, arena);
		const struct matcher *one = NULL;
		const struct matcher *other = NULL;

		assert_int_equal(matchers_can_match(&list, &one, &other), cases[i].one == NULL);
		if (cases[i].one) {
			assert_string_equal(matcher_text(one), cases[i].one);
			assert_string_equal(matcher_text(other), cases[i].other);
		}
	}
	arena_free(arena);
}

static void knows_what_covers_what(void **state)
{
	static const struct {
		const char *wide, *narrow;
		bool expected;
	} cases[] = {
		{"", "team=a", true},
		{"", "", true},
		{"team=a", "", false},
		{"team=a", "team=a;severity=info", true},
		{"team=a;severity=info", "team=a", false},
		{"team=~a|b", "team=a", true},
		{"team=~a|b", "team=~a|b", true},
		{"team=~a|b", "team=c", false},
		{"team!=x", "team=a", true},
		{"team=~.*", "", true},
		{"severity=~info|warning|critical", "", true},
		{"severity!=info", "severity=critical", true},
		{"source=a", "title=a", false},
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct option_list wide = parse_all(cases[i].wide, arena);
		struct option_list narrow = parse_all(cases[i].narrow, arena);

		assert_int_equal(matchers_cover(&wide, &narrow), cases[i].expected);
	}
	arena_free(arena);
}

/* Neither silenced nor routed by a pattern that does not come to an end. */
static void endless_work_matches_neither_way(void **state)
{
	struct arena *arena = arena_new();
	struct pairs labels = {0};
	const struct matcher_subject subject = {
		.source = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
		.title = "",
		.labels = &labels};
	struct option_list yes = parse_all("source=~((a+)+)+(?=c).*", arena);
	struct option_list no = parse_all("source!~((a+)+)+(?=c).*", arena);

	(void)state;
	assert_false(matchers_match(&yes, &subject));
	assert_false(matchers_match(&no, &subject));
	arena_free(arena);
}

static void an_option(void **state)
{
	static const struct option_row row = {.name = "match", .type = &option_matcher};
	struct arena *arena = arena_new();
	const struct option_context context = {.arena = arena};
	struct strbuf schema = STRBUF_INIT;
	struct matcher *matcher = NULL;
	struct err err = {0};

	(void)state;
	assert_int_equal(
		option_matcher.parse(&row, &context, str_of(" a =~ b "), &matcher, &err), 0);
	assert_string_equal(matcher_text(matcher), "a =~ b");
	option_matcher.schema(&row, &schema);
	assert_string_equal(
		schema.buf, "\"type\": \"string\", \"pattern\": \"^[^=!]+(!?=|!~)|\\\\$\\\\{\"");
	strbuf_release(&schema);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches),
		cmocka_unit_test(refuses),
		cmocka_unit_test(finds_contradictions),
		cmocka_unit_test(knows_what_covers_what),
		cmocka_unit_test(endless_work_matches_neither_way),
		cmocka_unit_test(an_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

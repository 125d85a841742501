/*
 * Which servers a selection comes to, in every format.
 */
#include "cmd/fleet_steps.h"

static const char config[] = "servers: {files: [seen]}\n"
			     "ssh: {username: anna}\n";

static const char inventory[] = "[web]\n"
				"web-01 ansible_host=192.0.2.7 ansible_port=2222 ansible_user=ben\n"
				"web-02\n";

static const char as_json[] = "{\n"
			      "  \"schema\": 1,\n"
			      "  \"command\": \"fleet --list\",\n"
			      "  \"selection\": \"web-[01-02]\",\n"
			      "  \"summary\": {\n"
			      "    \"total\": 2\n"
			      "  },\n"
			      "  \"servers\": [\n"
			      "    {\n"
			      "      \"name\": \"web-01\",\n"
			      "      \"address\": \"192.0.2.7\",\n"
			      "      \"port\": 2222,\n"
			      "      \"username\": \"ben\"\n"
			      "    },\n"
			      "    {\n"
			      "      \"name\": \"web-02\",\n"
			      "      \"address\": null,\n"
			      "      \"port\": null,\n"
			      "      \"username\": \"anna\"\n"
			      "    }\n"
			      "  ]\n"
			      "}\n";

static const char as_jsonl[] =
	"{\"name\": \"web-01\", \"address\": \"192.0.2.7\", \"port\": 2222, \"username\": "
	"\"ben\"}\n"
	"{\"name\": \"web-02\", \"address\": null, \"port\": null, \"username\": \"anna\"}\n";

static const char as_csv[] = "name,address,port,username\n"
			     "web-01,192.0.2.7,2222,ben\n"
			     "web-02,,,anna\n";

static void formats(void **state)
{
	static const struct {
		const char *format;
		int exit_code;
		const char *out, *err;
	} cases[] = {
		{"text", 0, "web-01\nweb-02\n", ""},
		{"json", 0, as_json, ""},
		{"jsonl", 0, as_jsonl, ""},
		{"csv", 0, as_csv, ""},
		{"junit", 2, "",
			"sre-toolkit fleet: --list: --output is text, json, jsonl or csv\n"},
	};
	struct cmd_fixture *f = *state;

	write_text("sre-toolkit.yaml", config);
	write_text("seen", inventory);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct cmd_args args = {
			{"--list", "--hosts", "@web", "--output", cases[i].format}};

		cmd_run(f, &cmd_fleet, &args);
		assert_exit(f, cases[i].exit_code);
		assert_string_equal(f->out.buf, cases[i].out);
		assert_string_equal(f->err.buf, cases[i].err);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmd_test(formats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

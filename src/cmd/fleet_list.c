/*
 * `fleet --list`: the servers of a selection, with what is known of them without asking anybody.
 */
#include "cmd/fleet_list.h"

#include "base/alloc.h"
#include "base/csv_writer.h"
#include "base/json_writer.h"

static void write_server(const struct fleet_host *host, struct json_writer *json)
{
	json_write_object_begin(json);
	json_field_string(json, "name", host->name);
	json_field_string(json, "address", host->address);
	json_write_key(json, "port");
	host->port > 0 ? json_write_int(json, host->port) : json_write_null(json);
	json_field_string(json, "username", host->username);
	json_write_object_end(json);
}

static void add_json(const struct server_selection *selection, struct strbuf *out)
{
	struct json_writer json;

	json_document_begin(&json, out, "fleet --list");
	json_field_string(&json, "selection", selection->folded);
	json_write_key(&json, "summary");
	json_write_object_begin(&json);
	json_field_int(&json, "total", (int64_t)selection->hosts_count);
	json_write_object_end(&json);
	json_write_key(&json, "servers");
	json_write_array_begin(&json);
	for (size_t i = 0; i < selection->hosts_count; i++) {
		write_server(&selection->hosts[i], &json);
	}
	json_write_array_end(&json);
	json_document_end(&json);
}

static void add_jsonl(const struct server_selection *selection, struct strbuf *out)
{
	for (size_t i = 0; i < selection->hosts_count; i++) {
		struct json_writer json;

		json_writer_init(&json, out, false);
		write_server(&selection->hosts[i], &json);
		strbuf_addc(out, '\n');
	}
}

static void add_csv(const struct server_selection *selection, struct strbuf *out)
{
	static const char *const names[] = {"name", "address", "port", "username"};
	struct csv_writer csv;

	csv_writer_init(&csv, out);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		csv_write_string(&csv, names[i]);
	}
	csv_end_row(&csv);
	for (size_t i = 0; i < selection->hosts_count; i++) {
		const struct fleet_host *host = &selection->hosts[i];

		csv_write_string(&csv, host->name);
		csv_write_string(&csv, host->address);
		host->port > 0 ? csv_write_int(&csv, host->port) : csv_write_string(&csv, NULL);
		csv_write_string(&csv, host->username);
		csv_end_row(&csv);
	}
}

static void add_text(const struct server_selection *selection, struct strbuf *out)
{
	for (size_t i = 0; i < selection->hosts_count; i++) {
		strbuf_addf(out, "%s\n", selection->hosts[i].name);
	}
}

enum exit_code fleet_list(const struct fleet_cmd *fleet, const struct server_selection *selection)
{
	struct strbuf out = STRBUF_INIT;

	switch ((enum fleet_output)fleet->opts->output) {
	case FLEET_TEXT:
		add_text(selection, &out);
		break;
	case FLEET_JSON:
		add_json(selection, &out);
		break;
	case FLEET_JSONL:
		add_jsonl(selection, &out);
		break;
	case FLEET_CSV:
		add_csv(selection, &out);
		break;
	case FLEET_JUNIT:
		return cmd_run_usage(fleet->run, "--list: --output is text, json, jsonl or csv");
	}
	return cmd_run_write(fleet->run, &out, EXIT_CODE_OK);
}

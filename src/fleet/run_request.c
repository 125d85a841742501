/*
 * A command line in the ledger.  See run_request.h.
 */
#include "fleet/run_request.h"

#include <jansson.h>
#include <string.h>

#include "base/json_writer.h"
#include "base/vec.h"

static const char env_flag[] = "--env";

/* "NAME=value" becomes "NAME=". */
static const char *withhold(struct run_request *request, const char *pair, struct arena *arena)
{
	struct str text = str_of(pair);
	struct str name = str_sub(text, 0, str_find(text, '=', 0));

	*VEC_PUSH_IN(arena, request, withheld) = str_dup(name, arena);
	return arena_printf(arena, "%.*s=", STR_ARG(name));
}

/* "--env NAME=value", "--env=NAME=value".  What looks like it but is another flag's value loses
 * something that only the user knows. */
static const char *add_argument(struct run_request *request, int argc, const char *const *argv,
	int *at, struct arena *arena)
{
	const char *argument = argv[*at];

	if (strcmp(argument, env_flag) == 0 && *at + 1 < argc) {
		*VEC_PUSH_IN(arena, request, arguments) = env_flag;
		(*at)++;
		return withhold(request, argv[*at], arena);
	}
	if (str_starts(str_of(argument), "--env=")) {
		*VEC_PUSH_IN(arena, request, arguments) = env_flag;
		return withhold(request, argument + strlen("--env="), arena);
	}
	return argument;
}

void run_request_init(struct run_request *request, int argc, const char *const *argv,
	const char *directory, const char *script, struct arena *arena)
{
	int i = 0;

	*request = (struct run_request){.directory = directory, .script = script};
	for (; i < argc && strcmp(argv[i], "--") != 0; i++) {
		const char *argument = add_argument(request, argc, argv, &i, arena);

		*VEC_PUSH_IN(arena, request, arguments) = argument;
	}
	for (; i < argc; i++) {
		*VEC_PUSH_IN(arena, request, arguments) = argv[i];
	}
}

bool run_request_is_of(const struct run_request *request, const char *name)
{
	return request->arguments_count > 0 && strcmp(request->arguments[0], name) == 0;
}

static void write_list(
	struct json_writer *json, const char *key, const char *const *items, size_t count)
{
	json_write_key(json, key);
	json_write_array_begin(json);
	for (size_t i = 0; i < count; i++) {
		json_write_string(json, items[i]);
	}
	json_write_array_end(json);
}

void run_request_add_json(const struct run_request *request, struct strbuf *out)
{
	struct json_writer json;

	json_writer_init(&json, out, false);
	json_write_object_begin(&json);
	write_list(&json, "arguments", request->arguments, request->arguments_count);
	write_list(&json, "withheld", request->withheld, request->withheld_count);
	json_field_string(&json, "directory", request->directory);
	json_field_string(&json, "script", request->script);
	if (request->knows_config) {
		json_field_string(&json, "config", request->config);
	}
	if (request->first_count > 0) {
		json_field_int(&json, "first_count", (int64_t)request->first_count);
	}
	if (request->naming != RUN_NAMING_OPEN) {
		json_field_bool(&json, "takes_name", request->naming == RUN_NAMING_TAKEN);
	}
	json_write_object_end(&json);
}

static int not_ours(struct err *err)
{
	return err_set(err, ERR_INPUT, "what the ledger says of its command line cannot be read");
}

/* NULL: it is no list of texts. */
static const char **read_list(
	const json_t *object, const char *key, struct arena *arena, size_t *ret_count)
{
	const json_t *list = json_object_get(object, key);
	size_t count = json_array_size(list);
	const char **items;

	if (!json_is_array(list)) {
		return NULL;
	}
	items = arena_calloc(arena, count + 1, sizeof(*items));
	for (size_t i = 0; i < count; i++) {
		const char *text = json_string_value(json_array_get(list, i));

		if (!text) {
			return NULL;
		}
		items[i] = arena_strdup(arena, text);
	}
	*ret_count = count;
	return items;
}

static const char *text_of(const json_t *object, const char *key, struct arena *arena)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? arena_strdup(arena, text) : NULL;
}

static enum run_naming naming_of(const json_t *takes_name)
{
	if (!json_is_boolean(takes_name)) {
		return RUN_NAMING_OPEN;
	}
	return json_is_true(takes_name) ? RUN_NAMING_TAKEN : RUN_NAMING_OWN;
}

static int read_object(
	const json_t *object, struct arena *arena, struct run_request *request, struct err *err)
{
	request->arguments = read_list(object, "arguments", arena, &request->arguments_count);
	request->withheld = read_list(object, "withheld", arena, &request->withheld_count);
	request->directory = text_of(object, "directory", arena);
	request->script = text_of(object, "script", arena);
	request->config = text_of(object, "config", arena);
	request->knows_config = json_object_get(object, "config") != NULL;
	request->first_count = (size_t)json_integer_value(json_object_get(object, "first_count"));
	request->naming = naming_of(json_object_get(object, "takes_name"));
	if (!request->arguments || !request->withheld || request->arguments_count == 0 ||
		!request->directory) {
		return not_ours(err);
	}
	return 0;
}

int run_request_read(
	const char *json, struct arena *arena, struct run_request *ret_request, struct err *err)
{
	struct run_request request = {0};
	json_t *object = json_loads(json, 0, NULL);
	int status = read_object(object, arena, &request, err);

	json_decref(object);
	if (status == 0) {
		*ret_request = request;
	}
	return status;
}

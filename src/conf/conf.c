/*
 * The beginning and the end of reading a configuration.  See conf.h.
 */
#include "conf/conf.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/utf8.h"
#include "conf/conf_internal.h"

void conf_init(struct conf *conf)
{
	*conf = (struct conf){.arena = arena_new()};
}

void conf_release(struct conf *conf)
{
	conf_forget_origins(conf);
	arena_free(conf->arena);
	*conf = (struct conf){0};
}

void conf_reader_init(struct conf_reader *r, struct conf *conf)
{
	*r = (struct conf_reader){
		.conf = conf,
		.context = {.arena = conf->arena, .base_dir = "."},
		.interpolation = {.arena = conf->arena,
			.base_dir = ".",
			.no_files = conf->no_files},
		.nodes_left = CONF_NODES_MAX,
		.path = STRBUF_INIT,
	};
}

void conf_reader_release(struct conf_reader *r)
{
	strbuf_release(&r->path);
	free(r->files);
	free(r->faults);
}

void conf_read_nothing(struct conf *conf, const struct option_row *rows, void *base)
{
	const struct option_context context = {.arena = conf->arena};

	option_set_defaults(rows, &context, base);
}

/* `path`: how the file can be told from others; NULL if it cannot. */
static int read_first(struct conf *conf, const char *name, const char *base_dir, const char *path,
	struct str text, const struct option_row *rows, void *base, struct err *err)
{
	const struct yaml_place beginning = {1, 1};
	const struct conf_file *file;
	struct conf_reader r;
	int status;

	conf_forget_origins(conf);
	conf->origins = conf_origins_new();
	conf_reader_init(&r, conf);
	r.origins = conf->origins;
	r.rows = rows;
	r.base = base;

	conf_read_nothing(conf, rows, base);
	file = conf_file_add(&r, name, base_dir, path);
	conf_read_root(&r, file, text);
	conf_check_required(&r, rows, "", file->number, file->name, beginning);
	status = conf_faults_finish(&r, err);
	conf_reader_release(&r);
	return status;
}

int conf_read(struct conf *conf, const char *path, const struct option_row *rows, void *base,
	struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct err unreadable = {0};

	conf->file = arena_strdup(conf->arena, path);
	if (file_read(path, FILE_ANY, CONF_FILE_MAX, &text, &unreadable) < 0) {
		conf_error(conf, NULL, "%s", unreadable.msg);
		return err_set(err, unreadable.code, "%s", unreadable.msg);
	}
	return read_first(conf, path, conf_folder_of(conf->arena, path), path, strbuf_str(&text),
		rows, base, err);
}

int conf_read_text(struct conf *conf, const char *name, const char *base_dir, struct str text,
	const struct option_row *rows, void *base, struct err *err)
{
	conf->file = arena_strdup(conf->arena, name);
	return read_first(conf, name, base_dir ? arena_strdup(conf->arena, base_dir) : NULL, NULL,
		text, rows, base, err);
}

static void tell_fault(void *arg, struct yaml_place place, const char *text)
{
	conf_fault(arg, place, "%s", text);
}

static void *read_item(
	struct conf_reader *r, struct str text, const struct option_variants *variants)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct yaml_tree tree = {
		.arena = arena,
		.nodes_left = r->nodes_left,
		.fault = tell_fault,
		.fault_arg = r,
	};

	if (yaml_tree_read(&tree, text) < 0) {
		return NULL;
	}
	return conf_read_variant(r, variants, tree.root);
}

int conf_read_item(struct conf *conf, const char *name, struct str text,
	const struct option_variants *variants, void **ret_item, struct err *err)
{
	struct conf_reader r;
	void *item;
	int status;

	conf_reader_init(&r, conf);
	r.origins = conf_origins_new();
	r.file = conf_file_add(&r, name, NULL, NULL);
	item = read_item(&r, text, variants);
	status = conf_faults_finish(&r, err);
	if (status == 0) {
		*ret_item = item;
	}
	conf_origins_free(r.origins);
	conf_reader_release(&r);
	return status;
}

void conf_add_quoted(struct str text, struct strbuf *out)
{
	_cleanup_(strbuf_release) struct strbuf escaped = STRBUF_INIT;
	struct str rest;

	interpolate_add_escaped(text, &escaped);
	rest = strbuf_str(&escaped);
	strbuf_addc(out, '"');
	while (rest.len > 0) {
		uint32_t c = UTF8_REPLACEMENT;
		const size_t len = utf8_decode(rest, &c);

		if (utf8_is_unsafe(c)) {
			strbuf_addf(out, "\\U%08x", c);
		} else if (c == '"' || c == '\\') {
			strbuf_addf(out, "\\%c", (char)c);
		} else {
			utf8_add_char(out, c);
		}
		rest = str_sub(rest, len > 0 ? len : 1, rest.len);
	}
	strbuf_addc(out, '"');
}

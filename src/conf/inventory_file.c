/*
 * Inventory files: whole, by line, and told apart.  See inventory.h; INI is read in
 * inventory_ini.c.
 */
#include "base/alloc.h"
#include "base/file.h"
#include "conf/inventory.h"
#include "conf/inventory_internal.h"

/* The line without a comment, which begins a line or follows a space. */
static struct str without_comment(struct str line)
{
	for (size_t at = str_find(line, '#', 0); at < line.len; at = str_find(line, '#', at + 1)) {
		if (at == 0 || char_is_space(line.ptr[at - 1])) {
			return str_sub(line, 0, at);
		}
	}
	return line;
}

static void read_lines(
	struct inventory *inv, struct group *file, struct str text, struct complaints *complaints)
{
	struct place place = {.where = file->name};
	struct str line;

	while (str_line(&text, &line)) {
		struct str words = str_trim(without_comment(line));
		struct part part = {.text = words};

		place.line++;
		if (words.len == 0) {
			continue;
		}
		place.column = (size_t)(words.ptr - line.ptr) + 1;
		part.place = place;
		if (part_is_sound(&part, file, complaints)) {
			part.text = str_of(str_dup(words, inv->arena));
			group_add_part(inv, file, part);
		}
	}
}

/* "web-01 ansible_host=10.0.0.1" */
static bool has_variable(struct str line)
{
	struct str word;

	return str_word(&line, &word) && str_word(&line, &word) && str_find(word, '=', 0) > 0 &&
	       str_find(word, '=', 0) < word.len;
}

static bool is_ini(struct str text)
{
	struct str line;

	while (str_line(&text, &line)) {
		line = str_trim(without_comment(line));
		if (line.len > 0 && line.ptr[0] != ';' &&
			(ini_is_section(line) || has_variable(line))) {
			return true;
		}
	}
	return false;
}

/* What no line of would make sense: NULL if it is none of that. */
static const char *foreign_form(struct str text)
{
	if (str_starts(text, "\xff\xfe") || str_starts(text, "\xfe\xff")) {
		return "the file is UTF-16: save it as UTF-8";
	}
	if (str_starts(text, "#!")) {
		return "the file is a program: inventory scripts are not run";
	}
	if (str_starts(text, "---") || str_starts(text, "all:")) {
		return "the file is YAML: write a host a line, or Ansible's INI";
	}
	if (str_starts(text, "{")) {
		return "the file is JSON: write a host a line, or Ansible's INI";
	}
	return NULL;
}

static int read_text(struct inventory *inv, const char *name, struct str text,
	struct group **ret_file, struct err *err)
{
	_cleanup_(complaints_release) struct complaints complaints = COMPLAINTS_INIT;
	struct group *file = inventory_file_group(inv, name);
	const char *foreign;

	if (str_starts(text, "\xef\xbb\xbf")) {
		text = str_sub(text, 3, text.len);
	}
	foreign = foreign_form(text);
	if (foreign) {
		struct err what;

		(void)err_set(&what, ERR_INPUT, "%s", foreign);
		complaints_add(&complaints, (struct place){file->name, 1, 1}, &what);
	} else if (is_ini(text)) {
		inventory_read_ini(inv, file, text, &complaints);
	} else {
		file->is_list = true;
		read_lines(inv, file, text, &complaints);
	}
	*ret_file = file;
	return complaints_result(&complaints, err);
}

static int read_file(struct inventory *inv, const char *path, enum file_type type,
	struct group **ret_file, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf content = STRBUF_INIT;

	if (file_read(path, type, INVENTORY_FILE_MAX, &content, err) < 0) {
		return -1;
	}
	return read_text(inv, path, strbuf_str(&content), ret_file, err);
}

int inventory_read_file(struct inventory *inv, const char *path, struct err *err)
{
	struct group *file;

	return read_file(inv, path, FILE_REGULAR, &file, err);
}

int inventory_read_text(struct inventory *inv, const char *name, struct str text, struct err *err)
{
	struct group *file;

	return read_text(inv, name, text, &file, err);
}

int inventory_select_file(struct inventory *inv, const char *path, struct arena *arena,
	struct nodeset *ret_set, struct err *err)
{
	struct group *file;

	if (read_file(inv, path, FILE_ANY, &file, err) < 0 || inventory_check(inv, err) < 0) {
		return -1;
	}
	if (file->members.names_count == 0) {
		return err_set(err, ERR_INPUT, "'%s' names no server", path);
	}
	nodeset_init(ret_set, arena);
	for (size_t i = 0; i < file->members.names_count; i++) {
		(void)nodeset_add(ret_set, str_of(file->members.names[i])); /* each is new */
	}
	if (file->is_list) {
		ret_set->repeats = file->members.repeats;
		ret_set->repeated = file->members.repeated;
	}
	return 0;
}

/*
 * gendocs OUTPUT_DIR: writes everything that can be read about the program, from its option rows.
 *
 * A tool of the build, not installed: man pages, shell completions, the JSON Schema, the reference
 * page, and rows.json, by which a test looks for each row in all of them.
 */
#include <errno.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/strbuf.h"
#include "cmd/program.h"

struct output {
	const char *dir;
	struct strbuf path;
	struct strbuf text;
};

static void add_man(const struct doc_program *program, struct strbuf *out)
{
	docs_add_man(program, NULL, out);
}

static void add_bash(const struct doc_program *program, struct strbuf *out)
{
	docs_add_completion(program, DOC_BASH, out);
}

static void add_zsh(const struct doc_program *program, struct strbuf *out)
{
	docs_add_completion(program, DOC_ZSH, out);
}

static void add_fish(const struct doc_program *program, struct strbuf *out)
{
	docs_add_completion(program, DOC_FISH, out);
}

static void add_help(const struct doc_program *program, struct strbuf *out)
{
	docs_add_program_help(program, 0, out);
}

/* Files that there is one of: what stands before and after the program's name in theirs. */
static const struct {
	const char *before;
	bool has_name;
	const char *after;
	void (*add)(const struct doc_program *, struct strbuf *out);
} files[] = {
	{"", true, ".1", add_man},
	{"", true, ".yaml.5", docs_add_config_man},
	{"", true, ".help", add_help},
	{"", true, ".bash", add_bash},
	{"_", true, "", add_zsh},
	{"", true, ".fish", add_fish},
	{"", true, ".schema.json", docs_add_schema},
	{"", false, "reference.md", docs_add_reference},
	{"", false, "rows.json", docs_add_rows_json},
};

/* Write the text to the path, and make both empty for the next. */
static int write_output(struct output *output, struct err *err)
{
	_cleanup_(fclosep) FILE *file = fopen(output->path.buf, "we");

	if (!file) {
		return err_set_errno(err, errno, "opening '%s'", output->path.buf);
	}
	if (fwrite(output->text.buf, 1, output->text.len, file) != output->text.len ||
		fflush(file) != 0) {
		return err_set_errno(err, errno, "writing '%s'", output->path.buf);
	}
	strbuf_clear(&output->path);
	strbuf_clear(&output->text);
	return 0;
}

static int write_files(struct output *output, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		strbuf_addf(&output->path, "%s/%s%s%s", output->dir, files[i].before,
			files[i].has_name ? program_doc.name : "", files[i].after);
		files[i].add(&program_doc, &output->text);
		if (write_output(output, err) < 0) {
			return -1;
		}
	}
	return 0;
}

static int write_verb(struct output *output, const struct doc_command *command,
	const struct doc_verb *verb, struct err *err)
{
	const struct doc_verb_place place = {&program_doc, command, verb};

	strbuf_addf(&output->path, "%s/%s-%s-%s.help", output->dir, program_doc.name, command->name,
		verb->name);
	docs_add_verb_help(&place, 0, &output->text);
	return write_output(output, err);
}

static int write_command(struct output *output, const struct doc_command *command, struct err *err)
{
	strbuf_addf(&output->path, "%s/%s-%s.1", output->dir, program_doc.name, command->name);
	docs_add_man(&program_doc, command, &output->text);
	if (write_output(output, err) < 0) {
		return -1;
	}
	strbuf_addf(&output->path, "%s/%s-%s.help", output->dir, program_doc.name, command->name);
	docs_add_command_help(&program_doc, command, 0, &output->text);
	if (write_output(output, err) < 0) {
		return -1;
	}
	for (const struct doc_verb *const *v = command->verbs; v && *v; v++) {
		if ((*v)->name && write_verb(output, command, *v, err) < 0) {
			return -1;
		}
	}
	return 0;
}

static int write_all(struct output *output, struct err *err)
{
	for (const struct doc_command *const *c = program_doc.commands; *c; c++) {
		if (write_command(output, *c, err) < 0) {
			return -1;
		}
	}
	return write_files(output, err);
}

int main(int argc, char **argv)
{
	struct output output = {.path = STRBUF_INIT, .text = STRBUF_INIT};
	struct err err = {0};
	int status = 0;

	if (argc != 2) {
		fprintf(stderr, "usage: gendocs OUTPUT_DIR\n");
		return 2;
	}
	output.dir = argv[1];
	if (write_all(&output, &err) < 0) {
		fprintf(stderr, "gendocs: %s\n", err.msg);
		status = 1;
	}
	strbuf_release(&output.path);
	strbuf_release(&output.text);
	return status;
}

/*
 * Completion for bash 4.2 and later, without the help of the package bash-completion.
 *
 * One function a command says what its flags are and what the value of one can be; a fixed one
 * finds out where the cursor is.  Readline takes ":" and "=" for the end of a word, so that only
 * what stands behind them may be replied.
 */
#include "base/alloc.h"
#include "conf/docs_internal.h"

/* "%I" is the program's name as an identifier, "%P" the name. */
static const char main_function[] =
	"_%I()\n"
	"{\n"
	"	local IFS=$' \\t\\n'\n"
	"	local line=${COMP_LINE:0:COMP_POINT} token= command= flag= prefix= mode= word cut= "
	"breaks=\n"
	"	local has_dashes= has_verb=\n"
	"	local -a words=() flags=() arguments=() candidates=()\n"
	"\n"
	"	COMPREPLY=()\n"
	"	read -r -d '' -a words <<<\"$line\"\n"
	"	if [[ $line != *[[:space:]] ]]; then\n"
	"		token=${words[${#words[@]} - 1]}\n"
	"		unset \"words[${#words[@]} - 1]\"\n"
	"	fi\n"
	"	for word in \"${words[@]:1}\"; do\n"
	"		if [[ -z $command && $word != -* ]]; then\n"
	"			command=$word\n"
	"		elif [[ $word == -- ]]; then\n"
	"			has_dashes=1\n"
	"		fi\n"
	"	done\n"
	"\n"
	"	if [[ -z $has_dashes && $token == --*=* ]]; then\n"
	"		flag=${token%%%%=*}\n"
	"		prefix=$flag=\n"
	"	elif [[ -z $has_dashes ]]; then\n"
	"		flag=${words[${#words[@]} - 1]}\n"
	"	fi\n"
	"	_%I_command \"$command\" \"$flag\" \"${words[2]}\"\n"
	"	if [[ -z $mode && -n $prefix ]]; then\n"
	"		mode=any # a switch takes no value\n"
	"	elif [[ -z $mode && -z $has_dashes && $token == -* ]]; then\n"
	"		mode=words candidates=(\"${flags[@]}\")\n"
	"	elif [[ -z $mode && ${#arguments[@]} -gt 0 ]]; then\n"
	"		mode=words candidates=(\"${arguments[@]}\")\n"
	"	elif [[ -z $mode && -n $has_verb ]]; then\n"
	"		mode=any\n"
	"	fi\n"
	"	if [[ -z $mode || $mode == files ]]; then\n"
	"		return # readline completes names of files\n"
	"	fi\n"
	"\n"
	"	compopt +o default +o bashdefault 2>/dev/null\n"
	"	[[ $COMP_WORDBREAKS == *:* ]] && breaks+=:\n"
	"	[[ $COMP_WORDBREAKS == *=* ]] && breaks+==\n"
	"	[[ -n $breaks ]] && cut=${token%%\"${token##*[$breaks]}\"}\n"
	"	for word in \"${candidates[@]}\"; do\n"
	"		word=$prefix$word\n"
	"		[[ $word == \"$token\"* ]] && COMPREPLY+=(\"${word#\"$cut\"}\")\n"
	"	done\n"
	"	if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[:/=] ]]; then\n"
	"		compopt -o nospace 2>/dev/null\n"
	"	fi\n"
	"	return 0\n"
	"}\n"
	"\n"
	"complete -o bashdefault -o default -F _%I %P\n";

static void add_template(const struct doc_program *program, const char *text, struct strbuf *out)
{
	for (; *text; text++) {
		if (text[0] != '%') {
			strbuf_addc(out, *text);
			continue;
		}
		text++;
		if (*text == 'I') {
			docs_add_identifier(program->name, out);
		} else if (*text == 'P') {
			strbuf_adds(out, program->name);
		} else {
			strbuf_addc(out, *text);
		}
	}
}

static void add_flag_words(const struct option_row *row, struct strbuf *out)
{
	_cleanup_(strbuf_release) struct strbuf name = STRBUF_INIT;

	strbuf_adds(out, str_ends(strbuf_str(out), "(") ? "" : " ");
	option_add_flag_name(row, &name);
	docs_add_quoted(DOC_BASH, name.buf, out);
	if (docs_is_on_by_default(row)) {
		strbuf_addf(out, " '--no-%s'", name.buf + 2);
	}
}

static void add_words_mode(const char *const *words, struct strbuf *out)
{
	strbuf_adds(out, "mode=words candidates=(");
	docs_add_quoted_words(DOC_BASH, words, out);
	strbuf_addc(out, ')');
}

/* "'--output' | '-o') mode=words candidates=(...) ;;" */
static void add_value_case(const struct option_row *row, struct strbuf *out)
{
	enum docs_completion completion = docs_completion_of(row);

	if (completion == DOCS_COMPLETE_NONE) {
		return;
	}
	strbuf_adds(out, "\t\t'");
	option_add_flag_name(row, out);
	strbuf_addc(out, '\'');
	if (row->letter) {
		strbuf_addf(out, " | '-%c'", row->letter);
	}
	strbuf_adds(out, ") ");
	switch (completion) {
	case DOCS_COMPLETE_NONE:
		break;
	case DOCS_COMPLETE_ANY:
		strbuf_adds(out, "mode=any");
		break;
	case DOCS_COMPLETE_FILES:
		strbuf_adds(out, "mode=files");
		break;
	case DOCS_COMPLETE_WORDS:
		add_words_mode(row->choices, out);
		break;
	}
	strbuf_adds(out, " ;;\n");
}

typedef void row_fn(const struct option_row *, struct strbuf *out);

/* All of the command, or those that go with one verb. */
static void each_flag(const struct doc_command *command, const struct doc_verb *verb, row_fn *fn,
	struct strbuf *out)
{
	for (const struct option_set *set = command->sets; set->rows; set++) {
		for (const struct option_row *row = set->rows; row->name; row++) {
			if (docs_is_completed(command->sets, set, row) &&
				(!verb || doc_verb_takes(command, verb, row))) {
				fn(row, out);
			}
		}
	}
}

/* "'last/--output' | 'last/-o') mode=words candidates=(...) ;;", where the verb takes less. */
static void add_own_value_cases(
	const struct doc_command *command, const struct doc_verb *verb, struct strbuf *out)
{
	for (const struct option_set *set = command->sets; set->rows; set++) {
		for (const struct option_row *row = set->rows; row->name; row++) {
			const struct doc_verb_row *own = docs_verb_row(verb, row);

			if (!own || !own->choices || !docs_is_completed(command->sets, set, row)) {
				continue;
			}
			strbuf_addf(out, "\t\t'%s/", verb->name);
			option_add_flag_name(row, out);
			strbuf_addc(out, '\'');
			if (row->letter) {
				strbuf_addf(out, " | '%s/-%c'", verb->name, row->letter);
			}
			strbuf_adds(out, ") ");
			add_words_mode(own->choices, out);
			strbuf_adds(out, " ;;\n");
		}
	}
}

static void add_all_own_value_cases(const struct doc_command *command, struct strbuf *out)
{
	_cleanup_(strbuf_release) struct strbuf cases = STRBUF_INIT;

	for (const struct doc_verb *const *v = command->verbs; v && *v; v++) {
		if ((*v)->name) {
			add_own_value_cases(command, *v, &cases);
		}
	}
	if (cases.len > 0) {
		strbuf_addf(out, "\t\tcase $3/$2 in\n%s\t\tesac\n", cases.buf);
	}
}

static void add_verb_cases(const struct doc_command *command, struct strbuf *out)
{
	strbuf_adds(out, "\t\tcase $3 in\n");
	for (const struct doc_verb *const *v = command->verbs; *v; v++) {
		if ((*v)->name) {
			strbuf_addf(out, "\t\t'%s') has_verb=1 arguments=() flags=(", (*v)->name);
			each_flag(command, *v, add_flag_words, out);
			strbuf_adds(out, ") ;;\n");
		}
	}
	strbuf_adds(out, "\t\tesac\n");
}

static void add_command_case(const struct doc_command *command, struct strbuf *out)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const char *const *words = docs_argument_words(command, arena);

	strbuf_adds(out, "\t");
	docs_add_quoted(DOC_BASH, command->name, out);
	strbuf_adds(out, ")\n\t\tflags=(");
	each_flag(command, NULL, add_flag_words, out);
	strbuf_adds(out, ")\n");
	if (words) {
		strbuf_adds(out, "\t\targuments=(");
		docs_add_quoted_words(DOC_BASH, words, out);
		strbuf_adds(out, ")\n");
	}
	if (command->verbs) {
		add_verb_cases(command, out);
	}
	strbuf_adds(out, "\t\tcase $2 in\n");
	each_flag(command, NULL, add_value_case, out);
	strbuf_adds(out, "\t\tesac\n");
	add_all_own_value_cases(command, out);
	strbuf_adds(out, "\t\t;;\n");
}

/* The function that knows the commands; it sets locals of its caller. */
static void add_command_function(const struct doc_program *program, struct strbuf *out)
{
	add_template(program,
		"# Of command $1, with the verb $3: its flags, its arguments, and in `mode` and "
		"`candidates` what\n# the value of its flag $2 can be.\n_%I_command()\n{\n\tcase "
		"$1 in\n",
		out);
	for (const struct doc_command *const *c = program->commands; *c; c++) {
		add_command_case(*c, out);
	}
	strbuf_adds(out, "\t'')\n\t\tflags=('--help' '--version')\n\t\targuments=(");
	for (const struct doc_command *const *c = program->commands; *c; c++) {
		strbuf_adds(out, c == program->commands ? "" : " ");
		docs_add_quoted(DOC_BASH, (*c)->name, out);
	}
	strbuf_adds(out, ")\n\t\t;;\n\tesac\n}\n\n");
}

void docs_add_bash(const struct doc_program *program, struct strbuf *out)
{
	add_template(
		program, "# bash completion of %P, generated from its option tables.\n\n", out);
	add_command_function(program, out);
	add_template(program, main_function, out);
}

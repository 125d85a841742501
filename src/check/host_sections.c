/*
 * Speaking with the program on a host.  See host_sections.h.
 */
#include "check/host_sections.h"

#include <sys/random.h>
#include <sys/timex.h>

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/parse.h"
#include "check/host_script.h"

enum {
	LINE_MAX_BYTES = 256 << 10,
	SECTION_MAX_BYTES = 4 << 20,
	SLICE_BYTES = 64 << 10, /* processes are taken in so much at a time */
	SAID_MAX_BYTES = 1024,
	DF_BLOCK_SIZE = 1024,
};

/* How far a mount is. */
enum host_question_state {
	QUESTION_WAITS,
	QUESTION_ASKED,
	QUESTION_ANSWERED,
};

struct host_question {
	enum host_question_state state;
};

int host_sections_init(struct host_sections *sections, struct host_facts *facts, struct err *err)
{
	unsigned char random[HOST_WORD_BYTES / 2];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random)) {
		return err_set_errno(err, errno, "no random bytes");
	}
	*sections = (struct host_sections){
		.facts = facts,
		.said = STRBUF_INIT_MAX(SAID_MAX_BYTES),
		.line = STRBUF_INIT_MAX(LINE_MAX_BYTES),
		.text = STRBUF_INIT_MAX(SECTION_MAX_BYTES),
	};
	for (size_t i = 0; i < sizeof(random); i++) {
		static const char digits[] = "0123456789abcdef";

		sections->word[2 * i] = digits[random[i] >> 4];
		sections->word[2 * i + 1] = digits[random[i] & 15];
	}
	return 0;
}

void host_sections_release(struct host_sections *sections)
{
	strbuf_release(&sections->said);
	strbuf_release(&sections->line);
	strbuf_release(&sections->text);
}

/* --- what is sent ------------------------------------------------------------------------------
 */

/* "1.250", and for a `sleep` that knows whole seconds only, what comes near. */
static void add_seconds(struct strbuf *out, const char *fraction, const char *whole, int64_t ms)
{
	strbuf_addf(out, "%s%" PRId64 ".%03" PRId64 "\n", fraction, ms / 1000, ms % 1000);
	strbuf_addf(out, "%s%" PRId64 "\n", whole, ms < 1000 ? 1 : ms / 1000);
}

void host_sections_add_program(const struct host_sections *sections,
	const struct host_program *program, struct strbuf *out)
{
	strbuf_addf(out, "n=%s\nr=%s\n", sections->word, program->root);
	add_seconds(out, "w=", "v=", program->cpu_sample_ms);
	strbuf_addf(out, "z=%" PRId64 "\n", program->most_ms / 1000 + 1);
	strbuf_adds(out, host_script);
}

/* How many lines it is, then they. */
static void add_text(struct strbuf *out, const char *text)
{
	size_t lines = 1;

	for (const char *c = text; *c; c++) {
		lines += *c == '\n';
	}
	strbuf_addf(out, "%zu\n%s\n", lines, text);
}

void host_sections_add_questions(struct host_sections *sections,
	const struct host_filesystems *filesystems, int64_t timeout_ms, struct strbuf *out)
{
	size_t count = filesystems->items_count;
	bool has_remote = false;

	count = count < HOST_ASKED_MAX ? count : HOST_ASKED_MAX;
	sections->asked = arena_calloc(sections->facts->arena, count, sizeof(*sections->asked));
	sections->questions =
		arena_calloc(sections->facts->arena, count, sizeof(*sections->questions));
	for (size_t i = 0; i < count; i++) {
		const struct host_filesystem *filesystem = &filesystems->items[i];

		if (filesystem->mount->point[0] == '/') { /* else it would be an option */
			sections->asked[sections->asked_count++] = filesystem;
			has_remote = has_remote || filesystem->is_remote;
		}
	}
	add_seconds(out, "", "", timeout_ms);
	strbuf_addf(out, "%d\n%zu\n", has_remote, sections->asked_count);
	for (size_t i = 0; i < sections->asked_count; i++) {
		add_text(out, sections->asked[i]->mount->point);
	}
}

/* --- answers -----------------------------------------------------------------------------------
 */

static bool number_of(struct str word, uint64_t *ret_number)
{
	int64_t number;

	if (parse_int(word, 0, INT64_MAX, &number, NULL) < 0) {
		return false;
	}
	*ret_number = (uint64_t)number;
	return true;
}

/* "4096,1000,500,400,100,50", as we ask `stat -f` to say it. */
static bool stat_answer(struct str text, struct host_space *space)
{
	uint64_t *const numbers[] = {&space->block_size, &space->blocks, &space->blocks_free,
		&space->blocks_available, &space->files, &space->files_free};

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		struct str piece;

		if (!str_split(&text, ',', &piece) || !number_of(piece, numbers[i])) {
			return false;
		}
	}
	return true;
}

/* "/dev/sda1 1000 500 400 56% /": total, used and available stand in front of the percentage, or in
 * front of a "-" where there is none.  The source may have spaces. */
static bool df_answer(struct str text, struct host_space *space)
{
	uint64_t number[3] = {0};
	size_t numbers = 0;
	struct str word;

	while (str_word(&text, &word)) {
		if (numbers == ARRAY_LEN(number) && (str_ends(word, "%") || str_is(word, "-"))) {
			space->block_size = DF_BLOCK_SIZE;
			space->blocks = number[0];
			space->blocks_free = number[0] > number[1] ? number[0] - number[1] : 0;
			space->blocks_available = number[2];
			return true;
		}
		if (numbers == ARRAY_LEN(number)) {
			memmove(number, number + 1, 2 * sizeof(number[0]));
			numbers--;
		}
		numbers = number_of(word, &number[numbers]) ? numbers + 1 : 0;
	}
	return false;
}

/* What libraries of C call errors that mean something here; 0: none of them. */
static int errno_of(struct str text)
{
	static const struct {
		const char *text;
		int error;
	} errors[] = {
		{"Data consistency error", EUCLEAN},
		{"Host is down", EHOSTDOWN},
		{"Host is unreachable", EHOSTUNREACH},
		{"I/O error", EIO},
		{"Input/output error", EIO},
		{"No route to host", EHOSTUNREACH},
		{"No such device", ENODEV},
		{"No such device or address", ENXIO},
		{"No such file or directory", ENOENT},
		{"Operation not permitted", EPERM},
		{"Permission denied", EACCES},
		{"Socket not connected", ENOTCONN},
		{"Stale NFS file handle", ESTALE},
		{"Stale file handle", ESTALE},
		{"Structure needs cleaning", EUCLEAN},
		{"Transport endpoint is not connected", ENOTCONN},
	};

	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		if (str_ends(text, errors[i].text)) {
			return errors[i].error;
		}
	}
	return 0;
}

static void tell(struct host_sections *sections, size_t index, struct host_space *space)
{
	space->point = sections->asked[index]->mount->point;
	sections->questions[index].state = QUESTION_ANSWERED;
	host_mounts_add_space(&sections->facts->mounts, space, sections->facts->arena);
}

static void take_answer(struct host_sections *sections, size_t index, struct str text)
{
	struct host_space space = {.state = HOST_SPACE_MEASURED};

	if (str_is(text, "stuck")) {
		space.state = HOST_SPACE_STUCK;
	} else if (!(sections->has_only_df ? df_answer(text, &space) : stat_answer(text, &space))) {
		space = (struct host_space){
			.state = HOST_SPACE_FAILED, .error = errno_of(str_trim(text))};
	}
	tell(sections, index, &space);
}

/* "8193 -12 16000": status, offset, most it can be wrong by, as of adjtimex(2); or "yes". */
static void take_clock(struct host_facts *facts, struct str text)
{
	struct str word = str_of("");
	int64_t status;
	double number;
	bool is_synchronised;

	(void)str_word(&text, &word);
	if (parse_int(word, 0, INT32_MAX, &status, NULL) < 0) {
		if (parse_bool(word, &is_synchronised, NULL) == 0) {
			facts->clock_synchronised = is_synchronised;
		}
		return;
	}
	facts->clock_synchronised = !(status & (STA_UNSYNC | STA_CLOCKERR));
	if (str_word(&text, &word) && facts->clock_synchronised > 0 &&
		parse_double(word, &number, NULL) == 0) {
		facts->clock_offset_s = number / (status & STA_NANO ? 1e9 : 1e6);
	}
	if (str_word(&text, &word) && parse_double(word, &number, NULL) == 0) {
		facts->clock_error_s = number / 1e6;
	}
}

static void answer_line(struct host_sections *sections, struct str line)
{
	struct str kind;
	struct str word;
	uint64_t index;

	if (!str_word(&line, &kind)) {
		return;
	}
	if (str_is(kind, "df")) {
		sections->has_only_df = true;
	} else if (str_is(kind, "k")) {
		take_clock(sections->facts, line);
	} else if (str_word(&line, &word) && number_of(word, &index) &&
		   index < sections->asked_count &&
		   sections->questions[index].state != QUESTION_ANSWERED) {
		if (str_is(kind, "b")) {
			sections->questions[index].state = QUESTION_ASKED;
		} else if (str_is(kind, "a")) {
			take_answer(sections, index, str_trim(line));
		}
	}
}

/*
 * Who was asked and has not answered does not answer.  `df` looks at other mounts too, so that one
 * which hangs is not to blame for it unless it may hang.
 */
static void answers_end(struct host_sections *sections)
{
	for (size_t i = 0; i < sections->asked_count; i++) {
		struct host_space space = {.state = HOST_SPACE_STUCK};

		if (sections->questions[i].state != QUESTION_ASKED) {
			continue;
		}
		if (sections->has_only_df && !sections->asked[i]->is_remote) {
			space.state = HOST_SPACE_FAILED;
		}
		tell(sections, i, &space);
	}
}

/* --- sections ----------------------------------------------------------------------------------
 */

static void mountinfo_end(struct host_sections *sections)
{
	struct host_facts *facts = sections->facts;

	if (facts->mounts.mounts_count == 0) { /* it is told once */
		host_facts_add_section(facts, str_of("mountinfo"), strbuf_str(&sections->text));
		host_mounts_add_missing_root(&facts->mounts, "", facts->arena);
	}
}

static void section_end(struct host_sections *sections)
{
	if (strcmp(sections->name, "answers") == 0) {
		answers_end(sections);
	} else if (strcmp(sections->name, "mountinfo") == 0) {
		mountinfo_end(sections);
	} else {
		host_facts_add_section(
			sections->facts, str_of(sections->name), strbuf_str(&sections->text));
	}
	strbuf_clear(&sections->text);
}

static void section_begin(struct host_sections *sections, struct str name)
{
	sections->has_name = true;
	(void)snprintf(sections->name, sizeof(sections->name), "%.*s", STR_ARG(name));
	if (str_is(name, "ready")) {
		sections->is_ready = true;
	} else if (str_is(name, "incomplete")) {
		sections->facts->processes = -1;
		sections->facts->zombies = -1;
	} else if (str_is(name, "end")) {
		sections->is_complete = true;
	}
}

static void section_line(struct host_sections *sections, struct str line)
{
	struct strbuf *text = sections->has_name ? &sections->text : &sections->said;

	if (strcmp(sections->name, "answers") == 0) {
		answer_line(sections, line);
		return;
	}
	strbuf_addstr(text, line);
	strbuf_addc(text, '\n');
	if (text->len > SLICE_BYTES && strcmp(sections->name, "processes") == 0) {
		section_end(sections);
	}
}

static void take_line(struct host_sections *sections)
{
	struct str line = strbuf_str(&sections->line);

	if (str_starts(line, sections->word) && line.len > HOST_WORD_BYTES &&
		line.ptr[HOST_WORD_BYTES] == ' ') {
		if (sections->has_name) {
			section_end(sections);
		}
		section_begin(sections, str_sub(line, HOST_WORD_BYTES + 1, line.len));
	} else {
		section_line(sections, line);
	}
	strbuf_clear(&sections->line);
}

void host_sections_feed(struct host_sections *sections, struct str bytes)
{
	sections->received_bytes += bytes.len;
	if (sections->received_bytes > HOST_SECTIONS_MAX) {
		sections->is_too_long = true;
	}
	while (bytes.len > 0 && !sections->is_too_long && !sections->is_complete) {
		size_t end = str_find(bytes, '\n', 0);

		strbuf_add(&sections->line, bytes.ptr, end);
		if (end < bytes.len) {
			take_line(sections);
			end++;
		}
		bytes = str_sub(bytes, end, bytes.len);
	}
}

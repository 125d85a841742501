/*
 * Feeds the files named on the command line (and those in the directories named) to a fuzz target,
 * so that a corpus is an ordinary test: no clang, no libFuzzer, any sanitizer.
 *
 * Speaks TAP: one test for each input.  A finding ends the process by the sanitizer or by abort(),
 * with the name of the input already on stderr.  Each input lies in a block of exactly its size, so
 * that one byte read too far is seen.
 */
#include <errno.h>
#include <ftw.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { DESCRIPTORS_MAX = 16 };

static int replayed;

static void run(const char *name, const uint8_t *data, size_t size)
{
	fprintf(stderr, "replaying %s (%zu bytes)\n", name, size);
	(void)LLVMFuzzerTestOneInput(data, size);
	replayed++;
	printf("ok %d - %s\n", replayed, name);
}

/* Reads `size` bytes into a block of that size: new; free with free().  NULL, with a message, if it
 * cannot. */
static uint8_t *slurp(const char *path, size_t size)
{
	FILE *file = fopen(path, "re");
	if (file == NULL) {
		fprintf(stderr, "cannot open '%s': errno %d\n", path, errno);
		return NULL;
	}

	uint8_t *data = malloc(size > 0 ? size : 1);
	if (data != NULL && fread(data, 1, size, file) != size) {
		fprintf(stderr, "cannot read '%s'\n", path);
		free(data);
		data = NULL;
	}
	fclose(file);
	return data;
}

static int visit(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)where;
	if (type == FTW_D) {
		return 0;
	}
	if (type != FTW_F) {
		fprintf(stderr, "'%s' is neither a file nor a directory\n", path);
		return -1;
	}

	const size_t size = (size_t)st->st_size;
	uint8_t *data = slurp(path, size);
	if (data == NULL) {
		return -1;
	}
	run(path, data, size);
	free(data);
	return 0;
}

int main(int argc, char **argv)
{
	uint8_t *nothing = calloc(1, 1);
	run("the empty input", nothing, 0);
	free(nothing);

	int status = 0;
	for (int i = 1; i < argc; i++) {
		const int before = replayed;
		if (nftw(argv[i], visit, DESCRIPTORS_MAX, FTW_PHYS) != 0 || replayed == before) {
			printf("not ok %d - %s: no input could be read\n", ++replayed, argv[i]);
			status = 1;
		}
	}
	printf("1..%d\n", replayed);
	return status;
}

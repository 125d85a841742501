/*
 * The program as its documentation describes it.
 */
#ifndef CMD_PROGRAM_H
#define CMD_PROGRAM_H

#include "conf/docs.h"

extern const struct doc_program program_doc;

#endif

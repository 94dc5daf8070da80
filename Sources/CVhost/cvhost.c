#define _GNU_SOURCE
#include "cvhost.h"

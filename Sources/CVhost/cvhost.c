#include "cvhost.h"

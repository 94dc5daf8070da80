// A front-end can truncate a file while it is mapped here; the next access raises SIGBUS. The handler puts zero pages
// where the file was, so that the worker goes on, and tells the control thread, which takes that port alone down.
#define _GNU_SOURCE
#include "cvhost.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SLOTS 4096
// The first faults replace a stretch each, which takes microseconds; after them the whole mapping goes, so that a
// hostile peer can't have the kernel's limit of mappings used up.
#define STRETCH ((uintptr_t)2 << 20)
#define STRETCHES 64

struct slot {
    _Atomic uint32_t sequence; // odd while the slot changes
    _Atomic uintptr_t start, end;
    _Atomic uintptr_t page;
    _Atomic int wake;
    _Atomic uint32_t faults;
};

static struct slot slots[SLOTS];
static _Atomic int slotsInUse; // all slots that were ever used are below it
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int isInstalled;
static struct sigaction previous;

static int replace(struct slot *slot, uintptr_t address) {
    uint32_t before, after;
    uintptr_t start, end, page;
    int wake;
    do {
        before = atomic_load(&slot->sequence);
        start = atomic_load(&slot->start);
        end = atomic_load(&slot->end);
        page = atomic_load(&slot->page);
        wake = atomic_load(&slot->wake);
        after = atomic_load(&slot->sequence);
    } while (before != after || (before & 1));
    if (address < start || address >= end) return 0;
    uintptr_t granule = page > STRETCH ? page : STRETCH, from = start, to = end;
    if (atomic_fetch_add(&slot->faults, 1) < STRETCHES) {
        from = address / granule * granule;
        to = from + granule;
        if (from < start) from = start;
        if (to > end) to = end;
    }
    // The bare system call: a sanitizer's own version of mmap is not for signal handlers.
    long result = syscall(
        SYS_mmap, from, to - from, PROT_READ | PROT_WRITE,
        MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (result < 0 && result > -4096) return 0;
    if (wake >= 0) {
        uint64_t one = 1;
        ssize_t ignored = write(wake, &one, sizeof one);
        (void)ignored;
    }
    return 1;
}

static void handle(int number, siginfo_t *information, void *context) {
    int saved = errno;
    if (information->si_code > 0) {
        int count = atomic_load(&slotsInUse);
        for (int index = 0; index < count; index++) {
            if (replace(&slots[index], (uintptr_t)information->si_addr)) {
                errno = saved;
                return;
            }
        }
    }
    errno = saved;
    if (previous.sa_flags & SA_SIGINFO) {
        previous.sa_sigaction(number, information, context);
    } else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
        previous.sa_handler(number);
    } else {
        // The access is repeated on return and then ends the process, with a core file that shows where.
        signal(SIGBUS, SIG_DFL);
        if (information->si_code <= 0) raise(SIGBUS);
    }
}

int evs_vhost_guard_install(void) {
    int result = 0;
    pthread_mutex_lock(&lock);
    if (!isInstalled) {
        struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
        sigemptyset(&action.sa_mask);
        if (sigaction(SIGBUS, &action, &previous) < 0) result = -errno;
        else if (signal(SIGPIPE, SIG_IGN) == SIG_ERR) result = -errno;
        else isInstalled = 1;
    }
    pthread_mutex_unlock(&lock);
    return result;
}

static void set(struct slot *slot, uintptr_t start, uintptr_t end, uintptr_t page, int wake) {
    atomic_fetch_add(&slot->sequence, 1);
    atomic_store(&slot->start, start);
    atomic_store(&slot->end, end);
    atomic_store(&slot->page, page);
    atomic_store(&slot->wake, wake);
    atomic_store(&slot->faults, 0);
    atomic_fetch_add(&slot->sequence, 1);
}

int evs_vhost_guard_add(uintptr_t start, size_t bytes, size_t page, int wake) {
    int result = -ENOSPC;
    pthread_mutex_lock(&lock);
    for (int index = 0; index < SLOTS; index++) {
        if (atomic_load(&slots[index].start) != 0) continue;
        set(&slots[index], start, start + bytes, page, wake);
        if (index >= atomic_load(&slotsInUse)) atomic_store(&slotsInUse, index + 1);
        result = index;
        break;
    }
    pthread_mutex_unlock(&lock);
    return result;
}

uint32_t evs_vhost_guard_faults(int slot) { return atomic_load(&slots[slot].faults); }

void evs_vhost_guard_remove(int slot) {
    pthread_mutex_lock(&lock);
    set(&slots[slot], 0, 0, 1, -1);
    pthread_mutex_unlock(&lock);
}

// What Swift can't say itself of rings shared with a guest: each load and store exactly once, and their order.
//
// A guest may change its memory at any time. What is read here is read once, into a value that is then checked.
#pragma once
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#ifndef HOT
#define HOT static inline __attribute__((always_inline, swift_attr("@_noLocks")))
#endif

// A guest may put things at odd addresses.
struct vhost_u16 { uint16_t value; } __attribute__((packed, may_alias));
struct vhost_u32 { uint32_t value; } __attribute__((packed, may_alias));
struct vhost_u64 { uint64_t value; } __attribute__((packed, may_alias));

// MARK: Loads and stores, once each

HOT uint8_t vhost_load8(const void *at) { return *(const volatile uint8_t *)at; }
HOT uint16_t vhost_load16(const void *at) { return ((const volatile struct vhost_u16 *)at)->value; }
HOT uint32_t vhost_load32(const void *at) { return ((const volatile struct vhost_u32 *)at)->value; }
HOT uint64_t vhost_load64(const void *at) { return ((const volatile struct vhost_u64 *)at)->value; }
HOT void vhost_store8(void *at, uint8_t value) { *(volatile uint8_t *)at = value; }
HOT void vhost_store16(void *at, uint16_t value) { ((volatile struct vhost_u16 *)at)->value = value; }
HOT void vhost_store32(void *at, uint32_t value) { ((volatile struct vhost_u32 *)at)->value = value; }
HOT void vhost_store64(void *at, uint64_t value) { ((volatile struct vhost_u64 *)at)->value = value; }

// MARK: Order

/// Loads and stores that follow happen after the loads before.
HOT void vhost_fence_acquire(void) { __atomic_thread_fence(__ATOMIC_ACQUIRE); }
/// Loads and stores before happen before the stores that follow.
HOT void vhost_fence_release(void) { __atomic_thread_fence(__ATOMIC_RELEASE); }
/// What was stored before is seen by others before what follows is loaded.
HOT void vhost_fence_full(void) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }

HOT void vhost_prefetch(const void *at) { __builtin_prefetch(at, 0); }
HOT void vhost_prefetch_write(const void *at) { __builtin_prefetch(at, 1); }

// MARK: Migration

/// Sets bits in the log of written pages, which the other side takes and clears at any time.
HOT void vhost_log_set(uint8_t *at, uint8_t bits) { __atomic_fetch_or(at, bits, __ATOMIC_RELEASE); }

// MARK: Notification

/// Interrupts a guest by its eventfd, if that takes a number at once.
///
/// It is looked at first, as the other side may make it one that waits, or a pipe whose end is closed: such a one is
/// left alone.
HOT void vhost_kick(int descriptor) {
    struct pollfd state = {.fd = descriptor, .events = POLLOUT};
    if (poll(&state, 1, 0) != 1 || state.revents != POLLOUT) return;
    const uint64_t one = 1;
    ssize_t written = write(descriptor, &one, sizeof one);
    (void)written; // a full one has an interrupt waiting already
}

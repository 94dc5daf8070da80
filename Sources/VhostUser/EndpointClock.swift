import Glibc

/// Nanoseconds of the monotonic clock.
func monotonicNanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// A value that one thread waits for and another sets.
// Safe: the value is written before the semaphore is posted and read after it was waited for.
final class Answer<Value>: @unchecked Sendable {
    private var value: Value?
    private let semaphore: UnsafeMutablePointer<sem_t>

    init() {
        semaphore = .allocate(capacity: 1)
        sem_init(semaphore, 0, 0)
    }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func set(_ value: Value) {
        self.value = value
        sem_post(semaphore)
    }

    func wait() -> Value? {
        while sem_wait(semaphore) != 0 {}
        return value
    }
}

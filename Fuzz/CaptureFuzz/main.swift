// libFuzzer target: any bytes at all as a capture. Loading must end in an error or in records that lie within the
// bytes that were read; AddressSanitizer watches the rest.
import Packet

/// Uncompressed bytes that one input may grow to; small, so that a round stays quick.
private let maximumBytes = 1 << 20

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzCapture(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = UnsafeRawBufferPointer(start: start, count: count)
    do throws(CaptureError) {
        check(try Capture.load(bytes: bytes, name: "fuzz", maximumBytes: maximumBytes))
    } catch {
        precondition(error.description.hasPrefix("fuzz: "))
    }
    return 0
}

/// Where the packets' bytes go, so that reading them is not optimised away.
nonisolated(unsafe) public var sum: UInt8 = 0

/// Reads each packet, and adds up what the summary says.
private func check(_ capture: Capture) {
    var end: UInt64 = 0
    var longest = 0
    var cut = 0
    for (index, record) in capture.records.enumerated() {
        precondition(record.offset == end)
        end += UInt64(record.length)
        longest = max(longest, Int(record.length))
        if record.length < record.wireLength { cut += 1 }
        for byte in capture.packet(at: index) { sum ^= byte }
        precondition(record.timestampNanoseconds >= capture.firstTimestamp!)
        precondition(record.timestampNanoseconds <= capture.lastTimestamp!)
    }
    precondition(end == UInt64(capture.byteCount) && capture.byteCount <= maximumBytes)
    precondition(longest == capture.longestPacket && cut == capture.cutPacketCount)
    precondition(capture.truncation != "")
}

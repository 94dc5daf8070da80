import OpenFlow
import OpenFlowWire
import Packet

/// Feeds arbitrary bytes to the decoder: the first says how the connection is set up, the rest is a message, whose
/// length and version are put right so that more than the header is looked at. What decodes must be encoded as bytes
/// that decode to a value which is encoded as the same bytes.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = UnsafeBufferPointer(start: start, count: count)
    guard count > Codec.headerSize, count <= Codec.maximumSize else { return 0 }
    let versions: [OpenFlowVersion] = [.v10, .v13, .v14, .v15]
    let choice = Int(input[0])
    var codec = Codec(version: versions[choice & 3])
    codec.flowFormat = choice & 4 == 0 ? .openFlow10 : .nicira
    codec.hasTableIDExtension = choice & 8 != 0
    codec.packetInFormat = choice & 16 == 0 ? .standard : choice & 32 == 0 ? .nicira : .nicira2
    var bytes = Array(input[1...])
    bytes[0] = codec.version.rawValue
    (bytes[2], bytes[3]) = (UInt8(bytes.count >> 8), UInt8(bytes.count & 255))
    do {
        let frame = try codec.decode(bytes)
        let written = codec.encode(frame)
        guard written.count <= Codec.maximumSize else { return 0 }
        // What 1.0 or a later version can't say may be lost once, but not again.
        if let again = try? codec.decode(written) {
            let twice = codec.encode(again)
            if let third = try? codec.decode(twice) { precondition(codec.encode(third) == twice, "\(frame)") }
        }
    } catch {
        precondition(!error.message.isEmpty)
    }
    return 0
}

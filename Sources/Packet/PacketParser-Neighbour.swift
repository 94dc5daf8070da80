// Safe throughout: a header's bytes are loaded only after `PacketBytes.has` said that all of them are there, and words
// of a key by the places that KeyLayout names.

extension PacketParser {
    /// Parses a neighbour solicitation or advertisement whose first eight bytes are there, and no other ICMPv6 message,
    /// into words 10…13.
    ///
    /// The link-layer address of an option given twice can't be told, so then the whole message counts as without
    /// target and addresses. An option of length zero or longer than the packet ends the options.
    @unsafe @_noLocks @inline(never)
    static func parseNeighbourMessage(
        _ packet: PacketBytes, _ message: Int, end: Int, _ words: UnsafeMutablePointer<UInt64>
    ) {
        // Safe: the caller checked the message's first eight bytes.
        let typeAndCode = unsafe packet.uint16(at: message &+ ICMPHeader.type)
        guard
            typeAndCode == UInt16(ICMPv6Type.neighbourSolicitation) << 8
                || typeAndCode == UInt16(ICMPv6Type.neighbourAdvertisement) << 8
        else { return }
        let readable = min(packet.count, end)
        var offset = message &+ NeighbourMessage.options
        guard offset <= readable else { return }
        var source: UInt64 = 0
        var target: UInt64 = 0
        while offset &+ NeighbourOption.minimumLength <= readable {
            // Safe: the option's first eight bytes are there.
            let option = unsafe packet.uint64(at: offset &+ NeighbourOption.type)
            let type = UInt8(truncatingIfNeeded: option >> 56)
            let length = Int(truncatingIfNeeded: option >> 48 & 0xff) &* 8
            guard length > 0, length <= end &- offset else { break }
            if length == NeighbourOption.minimumLength {
                // The address is the last six of the eight bytes; in the key it stands in the high bits.
                if type == NeighbourOptionType.sourceLinkLayerAddress {
                    guard source == 0 else { return }
                    source = option << 16
                } else if type == NeighbourOptionType.targetLinkLayerAddress {
                    guard target == 0 else { return }
                    target = option << 16
                }
            }
            offset &+= length
        }
        // Safe: the target's 16 bytes were checked above; `words` is a whole key.
        let targetOffset = message &+ NeighbourMessage.target
        unsafe words[KeyLayout.neighbourTarget] = packet.uint64(at: targetOffset)
        unsafe words[KeyLayout.neighbourTarget + 1] = packet.uint64(at: targetOffset &+ 8)
        unsafe words[KeyLayout.sourceHardware] = source
        unsafe words[KeyLayout.targetHardware] = target
    }
}

import OpenFlow

extension Codec {
    /// An answer as one message or as several, none longer than ``maximumSize``; all but the last say that more follow
    /// (OpenFlow 1.3.5 §7.3.5, OFPMPF_REPLY_MORE).
    ///
    /// `more`: whether the last says so too, since the answer goes on in another call.
    public func encodeParts(_ reply: MultipartReply, xid: UInt32, more: Bool = false) -> [[UInt8]] {
        if reply.entryCount == 0 { return [encode(.multipartReply(reply, more: more), xid: xid)] }
        var parts: [[UInt8]] = []
        var part = beginning(of: reply, xid)
        let headSize = part.count
        for index in 0..<reply.entryCount {
            let start = part.count
            writeEntry(index, of: reply, &part)
            guard part.count > Self.maximumSize, start > headSize else { continue }
            // The entry that is too much begins the next part.
            let entry = Array(part.bytes[start...])
            part.truncate(to: start)
            parts.append(finish(part, more: true))
            part = beginning(of: reply, xid)
            part.append(entry)
        }
        parts.append(finish(part, more: more))
        return parts
    }

    private func beginning(of reply: MultipartReply, _ xid: UInt32) -> WireWriter {
        var out = WireWriter()
        out.byte(version.rawValue)
        out.byte(MessageType.multipartReply.number(version))
        out.uint16(0)
        out.uint32(xid)
        writeHeader(of: reply, false, &out)
        return out
    }

    private func finish(_ part: WireWriter, more: Bool) -> [UInt8] {
        var out = part
        out.patch(min(out.count, Self.maximumSize), at: 2)
        // Flags follow the multipart's type.
        if more { out.patch(1, at: Self.headerSize + 2) }
        return out.bytes
    }
}

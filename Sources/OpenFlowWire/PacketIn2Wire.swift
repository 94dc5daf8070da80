import OpenFlow
import Packet

/// NXT_PACKET_IN2 and NXT_RESUME, which are made of properties.
extension Codec {
    private enum Property {
        static let packet: UInt16 = 0
        static let fullLength: UInt16 = 1
        static let bufferID: UInt16 = 2
        static let table: UInt16 = 3
        static let cookie: UInt16 = 4
        static let reason: UInt16 = 5
        static let metadata: UInt16 = 6
        static let userdata: UInt16 = 7
        static let continuation: UInt16 = 8
    }

    func packetIn2(_ reader: inout WireReader) throws(OpenFlowError) -> PacketIn {
        var packet = PacketIn(totalLength: 0, reason: .noMatch, match: Match(), data: [])
        while !reader.isAtEnd {
            var (type, value) = try reader.property()
            switch type {
            case Property.packet: packet.data = value.rest()
            case Property.fullLength: packet.totalLength = Int(try value.uint32())
            case Property.bufferID: packet.bufferID = Self.buffer(try value.uint32())
            case Property.table: packet.table = try value.byte()
            case Property.cookie:
                try value.skip(4)
                packet.cookie = try value.uint64()
            case Property.reason: packet.reason = try Self.reason(try value.byte())
            case Property.metadata:
                var match = MatchReader(isStrict: false)
                try match.read(&value)
                packet.match = match.match
            case Property.userdata: packet.userdata = value.rest()
            case Property.continuation:
                try value.skip(min(4, value.remaining))
                packet.continuation = value.rest()
            default: throw .badProperty(.badType, "a packet has no property \(type)")
            }
        }
        if packet.data.isEmpty { throw .badLength("there is no packet in the message") }
        if packet.totalLength == 0 { packet.totalLength = packet.data.count }
        if packet.totalLength < packet.data.count { throw .badLength("the packet is longer than it is said to be") }
        return packet
    }

    func writePacketIn2(_ packet: PacketIn, _ out: inout WireWriter) {
        out.property(Property.packet) { $0.append(packet.data) }
        if packet.totalLength != packet.data.count {
            out.property(Property.fullLength) { $0.uint32(UInt32(clamping: packet.totalLength)) }
        }
        if let buffer = packet.bufferID { out.property(Property.bufferID) { $0.uint32(buffer) } }
        out.property(Property.table) { $0.byte(packet.table) }
        if packet.cookie != .max {
            out.property(Property.cookie) { out in
                out.zeros(4)
                out.uint64(packet.cookie)
            }
        }
        out.property(Property.reason) { $0.byte(packet.reason.rawValue) }
        out.property(Property.metadata) { $0.matchFields(packet.match, version) }
        if !packet.userdata.isEmpty { out.property(Property.userdata) { $0.append(packet.userdata) } }
        if !packet.continuation.isEmpty {
            out.property(Property.continuation) { out in
                out.zeros(4)
                out.append(packet.continuation)
            }
        }
    }
}

import Packet

extension Group {
    /// How a group of type `select` chooses among its buckets, as Open vSwitch lets it be said (ovs-ofctl(8), “Group
    /// Syntax”).
    public struct Selection: Sendable, Hashable {
        public let method: Method
        /// Goes into the hash, so that groups with different ones choose differently.
        public let parameter: UInt64
        /// What alone the bucket depends on, in the order of ``FieldID``; none: the hash is over all headers.
        public let fields: [HashField]

        /// By a hash over some fields and nothing else.
        ///
        /// - Parameter fields: the bits that count of each, at least one of each; empty: over all headers.
        public static func hash(of fields: [FieldID: UInt128] = [:], parameter: UInt64 = 0) -> Selection {
            let sorted = fields.sorted { $0.key.rawValue < $1.key.rawValue }
            return Selection(method: .hash, parameter: parameter, fields: sorted.map(HashField.init))
        }

        /// By the hash that the forwarding plane has of a packet anyhow.
        public static func datapathHash(parameter: UInt64 = 0) -> Selection {
            Selection(method: .datapathHash, parameter: parameter, fields: [])
        }

        /// What a method is called, in text and in messages.
        public enum Method: String, Sendable, CaseIterable {
            case hash
            case datapathHash = "dp_hash"
        }
    }

    /// A field that goes into a hash, and the bits of it that do.
    public struct HashField: Sendable, Hashable {
        public let id: FieldID
        /// Right-aligned; never zero.
        public let mask: UInt128

        init(id: FieldID, mask: UInt128) {
            self.id = id
            self.mask = mask
        }
    }
}

extension Group.Selection: CustomStringConvertible {
    /// As `ovs-ofctl dump-groups` has it: `selection_method=hash,selection_method_param=7,fields(ip_src,ip_dst)`.
    public var description: String {
        var parts = ["\(GroupTextProperty.selectionMethod.rawValue)=\(method.rawValue)"]
        if parameter != 0 { parts.append("\(GroupTextProperty.selectionParameter.rawValue)=\(parameter)") }
        let name = GroupTextProperty.fields.rawValue
        switch fields.count {
        case 0: break
        case 1: parts.append("\(name)=\(fields[0])")
        default: parts.append("\(name)(" + fields.map(\.description).joined(separator: ",") + ")")
        }
        return parts.joined(separator: ",")
    }
}

extension Group.HashField: CustomStringConvertible {
    /// The field's name, and the bits that count unless all do: `ip_src=255.255.255.0`.
    public var description: String {
        let field = Field[id]
        if mask == field.allOnes { return name }
        let bits =
            switch id {
            case .vlanVID: String(mask)
            // No kind of fragments has this bit alone.
            case .ipFrag where mask == UInt128(KeyLayout.fragmentLater): Field.hexadecimal(mask)
            default: field.text(mask, mask: field.allOnes)
            }
        return "\(name)=\(bits)"
    }

    /// The field as Open vSwitch calls it in groups, which is not what it calls it in matches.
    private var name: String {
        switch id {
        case .ipv4Src: "ip_src"
        case .ipv4Dst: "ip_dst"
        case .ipECN: "nw_ecn"
        default: Field[id].name
        }
    }
}

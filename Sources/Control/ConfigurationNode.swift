/// A place in a configuration file, both counted from 1.
struct FilePlace: Sendable, Hashable {
    let line: Int
    let column: Int
}

/// A configuration as written, before anyone knows what it means: from a YAML file or from a request's JSON.
struct ConfigurationNode: Sendable {
    enum Content: Sendable {
        case null
        case scalar(String)
        case list([ConfigurationNode])
        case mapping([Entry])
    }

    struct Entry: Sendable {
        let key: String
        /// Where the key stands.
        let place: FilePlace?
        let value: ConfigurationNode
    }

    let content: Content
    /// `nil`: not from a file.
    var place: FilePlace?

    /// What it is, in words.
    var kind: String {
        switch content {
        case .null: "nothing"
        case .scalar(let text): "'\(text)'"
        case .list: "a list"
        case .mapping: "a mapping"
        }
    }
}

extension ConfigurationNode: Decodable {
    private struct Key: CodingKey {
        let stringValue: String
        let intValue: Int? = nil
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        if let object = try? decoder.container(keyedBy: Key.self) {
            content = .mapping(
                try object.allKeys.sorted { $0.stringValue < $1.stringValue }.map {
                    Entry(key: $0.stringValue, place: nil, value: try object.decode(ConfigurationNode.self, forKey: $0))
                })
            return
        }
        if var list = try? decoder.unkeyedContainer() {
            var elements: [ConfigurationNode] = []
            while !list.isAtEnd { elements.append(try list.decode(ConfigurationNode.self)) }
            content = .list(elements)
            return
        }
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            content = .null
        } else if let text = try? value.decode(String.self) {
            content = .scalar(text)
        } else if let flag = try? value.decode(Bool.self) {
            content = .scalar(flag ? "true" : "false")
        } else if let number = try? value.decode(Int64.self) {
            content = .scalar("\(number)")
        } else if let number = try? value.decode(UInt64.self) {
            content = .scalar("\(number)")
        } else {
            content = .scalar("\(try value.decode(Double.self))")
        }
    }
}

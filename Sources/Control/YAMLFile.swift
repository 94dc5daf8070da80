import Yams

/// What is wrong with a YAML text as such, and where.
struct YAMLFault: Error {
    let place: FilePlace?
    let message: String
}

extension ConfigurationNode {
    /// Reads a YAML text of one document.
    init(yaml: String) throws(YAMLFault) {
        do {
            guard let node = try Yams.compose(yaml: yaml) else {
                self.init(content: .null)
                return
            }
            var remaining = ConfigurationNode.nodeLimit
            self = try ConfigurationNode.convert(node, remaining: &remaining)
        } catch let fault as YAMLFault {
            throw fault
        } catch let error as YamlError {
            throw YAMLFault(error)
        } catch {
            throw YAMLFault(place: nil, message: "\(error)")
        }
    }

    /// A short text can stand for a huge tree, by aliases of aliases.
    private static let nodeLimit = 200_000

    private static func convert(_ node: Node, remaining: inout Int) throws(YAMLFault) -> ConfigurationNode {
        let place = node.mark.map { FilePlace(line: $0.line, column: $0.column) }
        remaining -= 1
        if remaining < 0 { throw YAMLFault(place: place, message: "the configuration is too large") }
        switch node {
        case .scalar(let scalar):
            let isNull = scalar.style == .plain && ["", "~", "null", "Null", "NULL"].contains(scalar.string)
            return ConfigurationNode(content: isNull ? .null : .scalar(scalar.string), place: place)
        case .sequence(let sequence):
            var elements: [ConfigurationNode] = []
            for element in sequence { elements.append(try convert(element, remaining: &remaining)) }
            return ConfigurationNode(content: .list(elements), place: place)
        case .mapping(let mapping):
            var entries: [Entry] = []
            for (key, value) in mapping {
                guard case .scalar(let scalar) = key else {
                    throw YAMLFault(place: place, message: "a key is a word, not a list or a mapping")
                }
                entries.append(
                    Entry(
                        key: scalar.string, place: key.mark.map { FilePlace(line: $0.line, column: $0.column) },
                        value: try convert(value, remaining: &remaining)))
            }
            return ConfigurationNode(content: .mapping(entries), place: place)
        case .alias(let alias):
            throw YAMLFault(place: place, message: "there is no anchor &\(alias.anchor)")
        }
    }
}

extension YAMLFault {
    fileprivate init(_ error: YamlError) {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            self.init(place: FilePlace(line: mark.line, column: mark.column), message: "no valid YAML: \(problem)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            self.init(
                place: FilePlace(line: context.mark.line, column: context.mark.column),
                message: "a key stands twice in one mapping: \(duplicates.sorted().joined(separator: ", "))")
        default:
            self.init(place: nil, message: "no valid YAML: \(error)")
        }
    }
}

import Foundation
import Switch

/// Turns a configuration as written into values, noting what is wrong and where everything stood.
struct ConfigurationReader {
    var problems: [ConfigurationProblem] = []
    /// Where each part stood in the file.
    private(set) var places: [ConfigurationPath: FilePlace] = [:]
    /// Where each part's key stood.
    private var keyPlaces: [ConfigurationPath: FilePlace] = [:]
    /// The folder to which relative paths belong.
    private let folder: String

    init(folder: String) { self.folder = folder }

    /// A mapping's values by key.
    struct Fields {
        let path: ConfigurationPath
        var values: [String: ConfigurationNode] = [:]

        func has(_ key: String) -> Bool { values[key] != nil }
        func path(_ key: String) -> ConfigurationPath { path.key(key) }
    }

    mutating func report(_ path: ConfigurationPath, _ message: String) {
        problems.append(ConfigurationProblem(path, message))
    }

    // MARK: Parts

    /// The place of a part, or of the nearest thing around it.
    func place(of path: ConfigurationPath) -> FilePlace? {
        var path = path
        while true {
            if let place = places[path] { return place }
            if path.steps.isEmpty { return nil }
            path = path.parent
        }
    }

    /// A mapping's fields, of which only those known are allowed. Hyphens and underscores in keys are the same.
    ///
    /// - Parameter explanation: added to the refusal of an unknown key: for whom the keys are known.
    mutating func fields(
        _ node: ConfigurationNode, at path: ConfigurationPath, known: [String]?, explanation: String = ""
    ) -> Fields {
        var fields = Fields(path: path)
        places[path] = node.place
        switch node.content {
        case .mapping(let entries):
            for entry in entries {
                let key = entry.key.replacingOccurrences(of: "_", with: "-")
                places[path.key(key)] = entry.value.place ?? entry.place
                keyPlaces[path.key(key)] = entry.place
                if let known, !known.contains(key) {
                    refuse(key, written: entry.key, known, explanation, at: path)
                } else if fields.values.updateValue(entry.value, forKey: key) != nil {
                    report(path.key(key), "'\(entry.key)' stands twice")
                }
            }
        case .null: break
        default: report(path, "\(node.kind) stands where a mapping of keys to values was expected")
        }
        // A key without a value is as good as absent.
        fields.values = fields.values.filter { if case .null = $0.value.content { false } else { true } }
        return fields
    }

    private mutating func refuse(
        _ key: String, written: String, _ known: [String], _ explanation: String, at path: ConfigurationPath
    ) {
        let suggestion = Suggestion.text(for: key, among: known)
        places[path.key(key)] = keyPlaces[path.key(key)]
        let list = suggestion.isEmpty ? "; there are: \(known.joined(separator: ", "))" : suggestion
        report(path.key(key), "unknown key '\(written)'\(explanation)\(list)")
    }

    /// Reports each of the fields that is not among those known.
    mutating func allow(_ known: [String], in fields: Fields, explanation: String) {
        for key in fields.values.keys.sorted() where !known.contains(key) {
            refuse(key, written: key, known, explanation, at: fields.path)
        }
    }

    /// The elements of a list, each with its path.
    mutating func list(_ key: String, _ fields: Fields) -> [(path: ConfigurationPath, node: ConfigurationNode)] {
        guard let node = fields.values[key] else { return [] }
        guard case .list(let elements) = node.content else {
            report(fields.path(key), "\(node.kind) stands where a list was expected: begin each element with '- '")
            return []
        }
        return elements.enumerated().map { index, element in
            let path = fields.path(key).index(index)
            places[path] = element.place
            return (path, element)
        }
    }

    /// The fields of a mapping inside a mapping.
    mutating func section(_ key: String, _ fields: Fields, known: [String]) -> Fields? {
        fields.values[key].map { self.fields($0, at: fields.path(key), known: known) }
    }

    // MARK: Values

    /// A text; `nil`, with a problem if it is required, when there is none.
    mutating func text(_ key: String, _ fields: Fields, required example: String? = nil) -> String? {
        guard let node = fields.values[key] else {
            if let example { report(fields.path, "'\(key)' is missing: \(example)") }
            return nil
        }
        guard case .scalar(let text) = node.content else {
            report(fields.path(key), "\(node.kind) stands where a word was expected")
            return nil
        }
        return text
    }

    /// A path, made absolute.
    mutating func filePath(_ key: String, _ fields: Fields, required example: String? = nil) -> String? {
        text(key, fields, required: example).map { $0.isEmpty || $0.hasPrefix("/") ? $0 : "\(folder)/\($0)" }
    }

    /// A whole number: decimal, or hexadecimal with 0x.
    mutating func number<Number: FixedWidthInteger>(_ key: String, _ fields: Fields, as: Number.Type) -> Number? {
        guard let text = text(key, fields) else { return nil }
        let number = text.hasPrefix("0x") ? Number(text.dropFirst(2), radix: 16) : Number(text)
        if number == nil { report(fields.path(key), "'\(text)' stands where a whole number was expected") }
        return number
    }

    /// Permission bits, in octal.
    mutating func mode(_ key: String, _ fields: Fields) -> UInt16? {
        guard let text = text(key, fields) else { return nil }
        let digits = text.hasPrefix("0o") ? text.dropFirst(2) : text[...]
        guard let mode = UInt16(digits, radix: 8), mode <= 0o777 else {
            report(fields.path(key), "'\(text)' is no file mode; write it in octal, such as 0660")
            return nil
        }
        return mode
    }

    /// One of some words.
    mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ key: String, _ fields: Fields, as: Choice.Type, synonyms: [String: Choice] = [:]
    ) -> Choice? {
        guard let text = text(key, fields) else { return nil }
        if let choice = Choice(rawValue: text) ?? synonyms[text] { return choice }
        let words = Choice.allCases.map(\.rawValue)
        report(
            fields.path(key),
            "'\(text)' is no \(key): \(words.joined(separator: ", "))\(Suggestion.text(for: text, among: words))")
        return nil
    }
}

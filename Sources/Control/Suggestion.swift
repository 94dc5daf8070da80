/// What somebody who mistyped a word probably meant.
enum Suggestion {
    /// `; did you mean 'queues'?`, or nothing if no word is near.
    static func text(for word: String, among words: [String]) -> String {
        let nearest = words.map { (word: $0, distance: distance(word, $0)) }.min { $0.distance < $1.distance }
        guard let nearest, nearest.distance <= max(1, min(3, nearest.word.count / 2)) else { return "" }
        return "; did you mean '\(nearest.word)'?"
    }

    /// How many letters must be changed, added or taken away (Levenshtein).
    static func distance(_ left: String, _ right: String) -> Int {
        let letters = Array(right.unicodeScalars.prefix(64))
        var row = Array(0...letters.count)
        for (index, letter) in left.unicodeScalars.prefix(64).enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in letters.indices {
                let replaced = diagonal + (letters[column] == letter ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(replaced, min(row[column], diagonal) + 1)
            }
        }
        return row[letters.count]
    }
}

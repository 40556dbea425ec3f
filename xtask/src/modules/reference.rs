//! The paths that a module's text names, and the texts in quotes, outside of tests.

use proc_macro2::{Spacing, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{
    Attribute, ImplItem, Item, ItemMod, ItemUse, LitStr, Macro, Meta, Path, UseTree, Visibility,
};

/// A path in a module's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference {
    /// Its names, `crate`, `self` and `super` among them.
    pub(crate) segments: Vec<String>,
    pub(crate) line: usize,
    pub(crate) kind: Kind,
}

/// A text in quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Quoted {
    pub(crate) text: String,
    pub(crate) line: usize,
}

/// Where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// In code.
    Code,
    /// In a `use`, for the module itself.
    Import {
        /// The name it has here.
        name: String,
    },
    /// In a `use` that others see too.
    Reexport {
        /// The name it has here.
        name: String,
    },
    /// In a `use` of everything in a module.
    Glob,
}

/// All of them; those of modules inside it are theirs.
pub(crate) fn references(items: &[Item]) -> (Vec<Reference>, Vec<Quoted>) {
    let mut collector = Collector {
        found: Vec::new(),
        quoted: Vec::new(),
    };
    for item in items {
        collector.visit_item(item);
    }
    (collector.found, collector.quoted)
}

/// Whether something is there for tests alone.
pub(crate) fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        if attribute.path().is_ident("test") {
            return true;
        }
        attribute.path().is_ident("cfg")
            && attribute
                .parse_args::<syn::Path>()
                .is_ok_and(|path| path.is_ident("test"))
    })
}

/// The macro that makes one text of pieces.
const CONCAT: &str = "concat";

struct Collector {
    found: Vec<Reference>,
    quoted: Vec<Quoted>,
}

impl Collector {
    fn add(&mut self, segments: Vec<String>, line: usize, kind: Kind) {
        self.found.push(Reference {
            segments,
            line,
            kind,
        });
    }

    fn quote(&mut self, text: &LitStr) {
        self.quoted.push(Quoted {
            text: text.value(),
            line: text.span().start().line,
        });
    }

    fn imports(&mut self, tree: &UseTree, before: &[String], is_public: bool) {
        let with = |name: String| [before, &[name]].concat();
        let mut add = |segments: Vec<String>, name: String, line: usize| {
            let kind = if is_public {
                Kind::Reexport { name }
            } else {
                Kind::Import { name }
            };
            self.add(segments, line, kind);
        };
        match tree {
            UseTree::Path(path) => {
                self.imports(&path.tree, &with(path.ident.to_string()), is_public);
            }
            UseTree::Name(leaf) if leaf.ident == "self" => {
                let name = before.last().cloned().unwrap_or_default();
                add(before.to_vec(), name, line(&leaf.ident));
            }
            UseTree::Name(leaf) => {
                let name = leaf.ident.to_string();
                add(with(name.clone()), name, line(&leaf.ident));
            }
            UseTree::Rename(leaf) => {
                let segments = if leaf.ident == "self" {
                    before.to_vec()
                } else {
                    with(leaf.ident.to_string())
                };
                add(segments, leaf.rename.to_string(), line(&leaf.ident));
            }
            UseTree::Glob(glob) => {
                let line = glob
                    .star_token
                    .spans
                    .first()
                    .map_or(0, |span| span.start().line);
                self.add(before.to_vec(), line, Kind::Glob);
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.imports(tree, before, is_public);
                }
            }
        }
    }

    /// The pieces of a `concat!` are one text; what other macros put between them is not known.
    fn concatenated(&mut self, pieces: TokenStream) {
        let before = self.quoted.len();
        self.tokens(pieces);
        let pieces = self.quoted.split_off(before);
        if let Some(first) = pieces.first() {
            let text = pieces.iter().map(|piece| piece.text.as_str()).collect();
            let line = first.line;
            self.quoted.push(Quoted { text, line });
        }
    }

    /// The paths among tokens that nobody has parsed: those of macros and attributes.
    fn tokens(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            at += 1;
            match token {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Ident(first) => {
                    let mut segments = vec![first.to_string()];
                    while let (
                        Some(TokenTree::Punct(one)),
                        Some(TokenTree::Punct(two)),
                        Some(TokenTree::Ident(next)),
                    ) = (tokens.get(at), tokens.get(at + 1), tokens.get(at + 2))
                        && (one.as_char(), one.spacing(), two.as_char())
                            == (':', Spacing::Joint, ':')
                    {
                        segments.push(next.to_string());
                        at += 3;
                    }
                    if segments.last().is_some_and(|name| name == CONCAT)
                        && let (Some(TokenTree::Punct(sign)), Some(TokenTree::Group(pieces))) =
                            (tokens.get(at), tokens.get(at + 1))
                        && sign.as_char() == '!'
                    {
                        self.concatenated(pieces.stream());
                        at += 2;
                    }
                    self.add(segments, line(first), Kind::Code);
                }
                // For example `#[serde(with = "crate::time")]`.
                TokenTree::Literal(literal) => {
                    if let Ok(text) =
                        syn::parse2::<LitStr>(TokenTree::Literal(literal.clone()).into())
                    {
                        self.quote(&text);
                    }
                    let text = literal.to_string();
                    let text = text.trim_matches('"');
                    if ["crate::", "self::", "super::"]
                        .iter()
                        .any(|start| text.starts_with(start))
                    {
                        let segments = text.split("::").map(str::to_owned).collect();
                        self.add(segments, literal.span().start().line, Kind::Code);
                    }
                }
                TokenTree::Punct(_) => {}
            }
        }
    }
}

impl<'ast> Visit<'ast> for Collector {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = match item {
            Item::Const(item) => &item.attrs,
            Item::Enum(item) => &item.attrs,
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Macro(item) => &item.attrs,
            Item::Static(item) => &item.attrs,
            Item::Struct(item) => &item.attrs,
            Item::Trait(item) => &item.attrs,
            Item::Type(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            _ => return visit::visit_item(self, item),
        };
        if !is_for_tests(attributes) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        if let ImplItem::Fn(function) = item
            && is_for_tests(&function.attrs)
        {
            return;
        }
        visit::visit_impl_item(self, item);
    }

    fn visit_item_mod(&mut self, _: &'ast ItemMod) {}

    /// `pub(in crate::x)` needs nothing of `x`.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let is_public = !matches!(item.vis, Visibility::Inherited);
        self.imports(&item.tree, &[], is_public);
    }

    fn visit_path(&mut self, path: &'ast Path) {
        let segments = path.segments.iter();
        let names = segments.map(|segment| segment.ident.to_string()).collect();
        let at = path.segments.first().map_or(0, |first| line(&first.ident));
        self.add(names, at, Kind::Code);
        visit::visit_path(self, path);
    }

    fn visit_lit_str(&mut self, text: &'ast LitStr) {
        self.quote(text);
    }

    fn visit_macro(&mut self, called: &'ast Macro) {
        self.visit_path(&called.path);
        let tokens = called.tokens.clone();
        let name = called.path.segments.last();
        if name.is_some_and(|name| name.ident == CONCAT) {
            self.concatenated(tokens);
        } else {
            self.tokens(tokens);
        }
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        // The others are names and comments, which need nothing.
        if let Meta::List(list) = &attribute.meta {
            self.tokens(list.tokens.clone());
        }
    }
}

fn line(name: &proc_macro2::Ident) -> usize {
    name.span().start().line
}

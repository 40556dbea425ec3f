//! The files of a crate as a tree of modules.

use super::reference::{Quoted, Reference, is_for_tests, references};
use anyhow::{Context as _, Result, bail};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use syn::{Item, ItemMod};

/// Reads a file; `None` where there is none.
pub(crate) type Read<'a> = dyn FnMut(&Path) -> io::Result<Option<String>> + 'a;

/// A crate.
#[derive(Debug)]
pub(crate) struct Source {
    /// The first is the root; a module comes after its parent.
    pub(crate) modules: Vec<Module>,
}

/// A module, in a file of its own or inside another's.
#[derive(Debug)]
pub(crate) struct Module {
    /// Its names from the root, which has none.
    pub(crate) path: Vec<String>,
    pub(crate) parent: Option<usize>,
    pub(crate) children: BTreeMap<String, usize>,
    /// The module whose file it lies in: itself, but where it is inside another's.
    pub(crate) file: usize,
    /// The names it defines.
    pub(crate) defined: Vec<String>,
    /// The names it uses.
    pub(crate) references: Vec<Reference>,
    /// The texts in it.
    pub(crate) quoted: Vec<Quoted>,
}

impl Source {
    /// Reads the crate whose root is `file`.
    pub(crate) fn read(file: &Path, read: &mut Read<'_>) -> Result<Self> {
        let mut source = Self {
            modules: Vec::new(),
        };
        let text = read(file)?.with_context(|| format!("there is no `{}`", file.display()))?;
        let folder = file.parent().unwrap_or(Path::new("")).to_owned();
        source.add_file(file, &text, &folder, &[], None, read)?;
        Ok(source)
    }

    fn add_file(
        &mut self,
        file: &Path,
        text: &str,
        folder: &Path,
        path: &[String],
        parent: Option<usize>,
        read: &mut Read<'_>,
    ) -> Result<()> {
        let parsed =
            syn::parse_file(text).with_context(|| format!("cannot parse `{}`", file.display()))?;
        let number = self.modules.len();
        self.add(&parsed.items, folder, path, parent, number, read)
    }

    fn add(
        &mut self,
        items: &[Item],
        folder: &Path,
        path: &[String],
        parent: Option<usize>,
        file: usize,
        read: &mut Read<'_>,
    ) -> Result<()> {
        let number = self.modules.len();
        if let Some(parent) = parent.and_then(|parent| self.modules.get_mut(parent)) {
            let name = path.last().cloned().unwrap_or_default();
            parent.children.insert(name, number);
        }
        let (references, quoted) = references(items);
        self.modules.push(Module {
            path: path.to_vec(),
            parent,
            children: BTreeMap::new(),
            file,
            defined: items.iter().filter_map(defined).collect(),
            references,
            quoted,
        });
        for item in items {
            let Item::Mod(module) = item else { continue };
            if is_for_tests(&module.attrs) {
                continue;
            }
            let name = module.ident.to_string();
            let below = folder.join(&name);
            let path = [path, &[name]].concat();
            if let Some((_, items)) = &module.content {
                self.add(items, &below, &path, Some(number), file, read)?;
                continue;
            }
            let (file, text) = find(module, folder, read)?;
            self.add_file(&file, &text, &below, &path, Some(number), read)?;
        }
        Ok(())
    }
}

/// The file of a module that is declared in the file of `folder`.
fn find(module: &ItemMod, folder: &Path, read: &mut Read<'_>) -> Result<(PathBuf, String)> {
    let name = module.ident.to_string();
    for file in [
        folder.join(format!("{name}.rs")),
        folder.join(&name).join("mod.rs"),
    ] {
        let text = read(&file).with_context(|| format!("cannot read `{}`", file.display()))?;
        if let Some(text) = text {
            return Ok((file, text));
        }
    }
    bail!("no file for `mod {name}` in `{}`", folder.display())
}

fn defined(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::TraitAlias(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}
